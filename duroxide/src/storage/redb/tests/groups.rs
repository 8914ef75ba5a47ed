//! Random groups of changes against an ordered map, in both ways of making them durable, with the
//! power cut at every fsync and at random writes: in commits, in checkpoints, while a file is opened.

use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::ops::Bound;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::redb::backends::InMemoryBackend;
use ::redb::{Durability, StorageBackend};

use super::reopening::copy_of;
use crate::history::{EventId, ExecutionId};
use crate::storage::redb::RedbProvider;
use crate::storage::redb::bodies::{ActivityKey, TimerKey};
use crate::storage::redb::disk::Disk;
use crate::storage::redb::group::{self, Changes, Load};
use crate::storage::redb::open;
use crate::storage::redb::options::{Commits, Factory};
use crate::storage::redb::overlay::Pace;
use crate::storage::redb::schema::{
    ACTIVITIES, FIRST_ACTIVITY, FIRST_ATTEMPTS, FIRST_MESSAGE, INBOX, Queue, RowKey, TIMERS,
};
use crate::storage::redb::timers::before;
use crate::storage::redb::view::{Record, View};
use crate::time::Timestamp;

/// Numbers that look random; the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll(end as u64)).unwrap()
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn commits(&mut self) -> Commits {
        self.one_of(&[Commits::Tables, Commits::Journal])
    }

    fn text(&mut self) -> String {
        self.one_of(&["", "a", "b", "c", "dd"]).to_owned()
    }

    fn key(&mut self) -> RowKey {
        let instance = 1 + self.roll(3);
        let execution_id = ExecutionId(self.roll(4));
        let source = EventId(1 + self.roll(3));
        let sequence = 1 + self.roll(9);
        match self.roll(14) {
            0 => RowKey::Id(self.text()),
            1 => RowKey::Instance(instance),
            2..=4 => RowKey::History(instance, execution_id, source),
            5 | 6 => RowKey::Inbox { sequence, instance },
            7 => RowKey::Activity(ActivityKey {
                sequence,
                instance,
                execution_id,
                source,
            }),
            8 => RowKey::Timer(TimerKey {
                fire_at: Timestamp::from_millis(sequence),
                instance,
                execution_id,
                source,
            }),
            9 => {
                let queue = self.one_of(&[Queue::Inbox, Queue::Activities]);
                RowKey::Attempts(queue, sequence)
            }
            10 => RowKey::QuietTurn(instance),
            11 => RowKey::CustomStatus(instance),
            12 => RowKey::Value(instance, self.text()),
            _ => RowKey::Child(self.text(), self.text()),
        }
    }
}

/// What a store should hold.
type Map = BTreeMap<RowKey, Vec<u8>>;

/// A group of random changes, also made to the map.
fn random_group(dice: &mut Dice, map: &mut Map) -> Changes {
    let mut changes = Changes::default();
    for _ in 0..=dice.roll(7) {
        let instance = 1 + dice.roll(3);
        match dice.roll(40) {
            0 => {
                changes.clear_values(instance);
                map.retain(|key, _| !matches!(key, RowKey::Value(of, _) if *of == instance));
            }
            1 => {
                let (first, last) = (dice.roll(3), 1 + dice.roll(4));
                changes.forget_executions(instance, first..=last);
                map.retain(|key, _| {
                    !matches!(key, RowKey::History(of, execution, _)
                        if *of == instance && (first..=last).contains(&execution.0))
                });
            }
            2 => {
                changes.drop_instance(instance);
                map.retain(|key, _| {
                    let of = match key {
                        RowKey::Instance(of)
                        | RowKey::QuietTurn(of)
                        | RowKey::CustomStatus(of)
                        | RowKey::History(of, ..)
                        | RowKey::Value(of, _) => *of,
                        _ => 0,
                    };
                    of != instance
                });
            }
            3..=14 => {
                let key = dice.key();
                map.remove(&key);
                changes.delete(key);
            }
            _ => {
                let key = dice.key();
                let size = if dice.roll(60) == 0 { 3_000 } else { 10 };
                let value = vec![dice.one_of(&[1, 2, 3, 4, 5]); dice.below(size)];
                if map.insert(key.clone(), value.clone()).is_none() {
                    changes.insert(key, value);
                } else {
                    changes.replace(key, value);
                }
            }
        }
    }
    changes
}

fn same_table(a: &RowKey, b: &RowKey) -> bool {
    mem::discriminant(a) == mem::discriminant(b)
}

/// Everything that can be read, and some parts of it.
fn all_rows(view: &View, dice: &mut Dice) -> Map {
    let text = String::new;
    let firsts = [
        RowKey::Id(text()),
        RowKey::Instance(0),
        RowKey::History(0, ExecutionId(0), EventId(0)),
        RowKey::Inbox {
            sequence: 0,
            instance: 0,
        },
        FIRST_ACTIVITY,
        RowKey::Timer(before(Timestamp::ZERO)),
        FIRST_ATTEMPTS,
        RowKey::QuietTurn(0),
        RowKey::CustomStatus(0),
        RowKey::Value(0, text()),
        RowKey::Child(text(), text()),
    ];
    let mut all = Map::new();
    for first in firsts {
        for row in view.rows(&first, None).unwrap() {
            let (key, record) = row.unwrap();
            let before = all.insert(key, record.value().to_vec());
            assert!(before.is_none(), "a row is listed twice");
        }
    }
    let mut after_all = all.iter().zip(all.iter().skip(1));
    assert!(after_all.all(|((a, _), (b, _))| a < b));
    for _ in 0..20 {
        check_part(view, dice, &all);
    }
    for (table, count) in [
        (0, view.count(INBOX, &FIRST_MESSAGE)),
        (1, view.count(ACTIVITIES, &FIRST_ACTIVITY)),
        (
            2,
            view.count(TIMERS, &RowKey::Timer(before(Timestamp::ZERO))),
        ),
    ] {
        let is_in = |key: &&RowKey| match key {
            RowKey::Inbox { .. } => table == 0,
            RowKey::Activity(_) => table == 1,
            RowKey::Timer(_) => table == 2,
            _ => false,
        };
        assert_eq!(count.unwrap(), all.keys().filter(is_in).count() as u64);
    }
    let last = all.keys().rev().find_map(|key| match key {
        RowKey::Instance(instance) => Some(*instance),
        _ => None,
    });
    assert_eq!(view.last_instance().unwrap(), last);
    all
}

fn check_part(view: &View, dice: &mut Dice, all: &Map) {
    let (from, until) = (dice.key(), dice.key());
    let found = view.get(&from).unwrap();
    assert_eq!(
        found.as_ref().map(Record::value),
        all.get(&from).map(Vec::as_slice)
    );
    let until = same_table(&from, &until).then_some(until);
    let end = until.clone().filter(|until| *until >= from);
    let nothing = until.is_some() && end.is_none();
    let bounds = (
        Bound::Included(&from),
        end.as_ref().map_or(Bound::Unbounded, Bound::Included),
    );
    let wanted: Vec<_> = all
        .range(bounds)
        .filter(|(key, _)| same_table(key, &from) && !nothing)
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if let RowKey::History(instance, execution, first) = &from
        && let Some(RowKey::History(of, to, last)) = &until
        && !nothing
    {
        let range = (*instance, execution.0, first.0)..=(*of, to.0, last.0);
        let found = view.last_turn(range).unwrap();
        let found = found.map(|((instance, execution, first), record)| {
            let key = RowKey::History(instance, ExecutionId(execution), EventId(first));
            (key, record.value().to_vec())
        });
        assert_eq!(found.as_ref(), wanted.last());
    }
    let rows = view.rows(&from, until).unwrap().map(|row| {
        let (key, record) = row.unwrap();
        (key, record.value().to_vec())
    });
    assert_eq!(rows.collect::<Vec<_>>(), wanted);
}

/// A disk of which pictures are taken.
#[derive(Clone, Debug)]
struct Filmed {
    inner: Arc<InMemoryBackend>,
    film: Arc<Mutex<Film>>,
}

#[derive(Debug)]
struct Film {
    pictures: Vec<Arc<InMemoryBackend>>,
    /// Every so many writes.
    every: u64,
    writes: u64,
}

impl Filmed {
    fn new(inner: Arc<InMemoryBackend>, every: u64) -> Self {
        let film = Film {
            pictures: Vec::new(),
            every,
            writes: 0,
        };
        Self {
            inner,
            film: Arc::new(Mutex::new(film)),
        }
    }

    fn pictures(&self) -> Vec<Arc<InMemoryBackend>> {
        mem::take(&mut self.film.lock().unwrap().pictures)
    }

    fn take_picture(&self) {
        let picture = copy_of(&self.inner);
        self.film.lock().unwrap().pictures.push(picture);
    }
}

impl StorageBackend for Filmed {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.inner.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        // What was written before may be there already when the power goes, or be all that is.
        self.take_picture();
        self.inner.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.inner.write(offset, data)?;
        let is_due = {
            let mut film = self.film.lock().unwrap();
            film.writes += 1;
            film.writes.is_multiple_of(film.every)
        };
        if is_due {
            self.take_picture();
        }
        Ok(())
    }
}

fn tiny() -> Pace {
    let load = |rows, bytes| Load { rows, bytes };
    Pace {
        enough: load(20, 4_000),
        least: load(3, 500),
        calm: load(5, 800),
        calm_after: Duration::from_secs(3_600),
        largest_record: 2_000,
    }
}

fn open(filmed: &Filmed, commits: Commits) -> Disk {
    let filmed = filmed.clone();
    let factory = Factory::new(move || Ok(Box::new(filmed.clone()) as Box<dyn StorageBackend>));
    let mut options = RedbProvider::options().commits(commits);
    options.pace = tiny();
    open::open(&factory, &options, Timestamp::ZERO, &Arc::default())
        .unwrap()
        .disk
}

/// After the power went, the file holds what was before the last group, or what is behind it.
fn check_pictures(
    filmed: &Filmed,
    dice: &mut Dice,
    before: &Map,
    behind: &Map,
    again: bool,
) -> usize {
    let mut checked = 0;
    for picture in filmed.pictures() {
        let commits = dice.commits();
        let other = Filmed::new(picture, 1 + dice.roll(9));
        let disk = open(&other, commits);
        let found = all_rows(&disk.view().unwrap(), dice);
        assert!(
            found == *before || found == *behind,
            "{found:?}\n{before:?}\n{behind:?}"
        );
        drop(disk);
        checked += 1;
        if again {
            // And it goes again while that file is opened.
            checked += check_pictures(&other, dice, &found, &found, false);
        }
    }
    checked
}

fn run(seed: u64, commits: Commits, groups: u32) -> (usize, bool) {
    let mut dice = Dice(seed);
    let filmed = Filmed::new(Arc::new(InMemoryBackend::new()), 1 + dice.roll(40));
    let mut disk = open(&filmed, commits);
    let mut map = Map::new();
    let mut checked = 0;
    let mut had_backlog = false;
    drop(filmed.pictures());
    for number in 0..groups {
        let before = map.clone();
        let mut commits = commits;
        match dice.roll(12) {
            0 if disk.has_backlog() => disk.rest(Durability::Immediate).unwrap(),
            1 => {
                // Without a good-bye; and perhaps in the other mode.
                drop(disk);
                if dice.roll(3) == 0 {
                    commits = dice.commits();
                }
                disk = open(&filmed, commits);
            }
            _ => {
                let changes = random_group(&mut dice, &mut map);
                group::commit(&disk, changes, Durability::Immediate).unwrap();
            }
        }
        had_backlog |= disk.has_backlog();
        let view = disk.view().unwrap();
        assert!(
            all_rows(&view, &mut dice) == map,
            "group {number} of seed {seed}"
        );
        drop(view);
        let again = dice.roll(4) == 0;
        if dice.roll(3) == 0 {
            checked += check_pictures(&filmed, &mut dice, &before, &map, again);
        } else {
            drop(filmed.pictures());
        }
    }
    while disk.has_backlog() {
        disk.rest(Durability::Immediate).unwrap();
    }
    assert!(all_rows(&disk.view().unwrap(), &mut dice) == map);
    (checked, had_backlog)
}

#[test]
fn groups_of_a_journal_are_whole_whenever_the_power_goes() {
    let mut checked = 0;
    for seed in 0..3 {
        let (pictures, had_backlog) = run(seed, Commits::Journal, 60);
        assert!(had_backlog);
        checked += pictures;
    }
    assert!(checked > 50, "{checked} pictures");
}

#[test]
fn groups_of_tables_are_whole_whenever_the_power_goes() {
    let (checked, _) = run(77, Commits::Tables, 40);
    assert!(checked > 10, "{checked} pictures");
}

#[test]
fn a_view_stays_as_it_is_while_groups_and_checkpoints_go_on() {
    let mut dice = Dice(5);
    let filmed = Filmed::new(Arc::new(InMemoryBackend::new()), u64::MAX);
    let disk = open(&filmed, Commits::Journal);
    let mut map = Map::new();
    let mut views = Vec::new();
    for _ in 0..80 {
        let changes = random_group(&mut dice, &mut map);
        group::commit(&disk, changes, Durability::Immediate).unwrap();
        views.push((disk.view().unwrap(), map.clone()));
        if views.len() > 20 {
            views.remove(dice.below(20));
        }
        drop(filmed.pictures());
    }
    for (view, map) in views {
        assert!(all_rows(&view, &mut dice) == map);
    }
}
