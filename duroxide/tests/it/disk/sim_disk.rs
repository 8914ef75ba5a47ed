//! A disk in memory that loses power, and lies, and fails, when it is told to.
//!
//! It keeps what the program sees (live) apart from what would be there after a loss of power
//! (durable), and what was written in between, write by write. A crash keeps any part of that.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;

use crate::support::dice::Dice;

/// Handles share one disk.
#[derive(Clone, Debug)]
pub(crate) struct SimDisk(Arc<Mutex<Platter>>);

#[derive(Debug, Default)]
struct Platter {
    live: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Pending>,
    plan: Plan,
    /// Writes, changes of the length and syncs since the plan was made; reads apart.
    mutations: u64,
    reads: u64,
    fired: bool,
    dead: bool,
}

#[derive(Clone, Debug)]
enum Pending {
    Write(u64, Vec<u8>),
    SetLen(u64),
}

/// What is to go wrong.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// The mutating call with which power is lost: 1, 2, ...
    pub(crate) crash_at: Option<u64>,
    /// The mutating call that fails, and whether all later ones do.
    pub(crate) fail_at: Option<u64>,
    pub(crate) lasting: bool,
    /// A failed sync forgets a part of what was written: the kernel marked the pages as clean.
    pub(crate) forgetful: bool,
    /// The read that comes back short.
    pub(crate) short_read_at: Option<u64>,
    /// Room on the disk; more is refused.
    pub(crate) capacity: Option<u64>,
    /// Syncs are acknowledged and not done.
    pub(crate) lying: bool,
    /// From this mutating call on the first write of a page goes to another place. A header that
    /// goes astray leaves the store as it was before: nobody could tell.
    pub(crate) misdirect_at: Option<u64>,
}

/// What a crash keeps of each write that was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tear {
    Nothing,
    Whole,
    Sectors,
    Prefix,
    Chunks,
    /// Any of these, drawn anew for each write.
    Mixed,
    /// As `Mixed`, and writes that overlap may arrive in another order.
    Reordered,
}

impl Tear {
    pub(crate) fn any(random: &mut Dice) -> Self {
        const ALL: [Tear; 6] = [
            Tear::Nothing,
            Tear::Whole,
            Tear::Sectors,
            Tear::Prefix,
            Tear::Chunks,
            Tear::Mixed,
        ];
        ALL[random.index(ALL.len())]
    }
}

impl SimDisk {
    pub(crate) fn new() -> Self {
        Self::holding(Vec::new())
    }

    pub(crate) fn holding(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Platter {
            live: bytes.clone(),
            durable: bytes,
            ..Platter::default()
        })))
    }

    /// Counts anew, and fails as this says.
    pub(crate) fn plan(&self, plan: Plan) {
        let mut platter = self.platter();
        platter.plan = plan;
        platter.mutations = 0;
        platter.reads = 0;
        platter.fired = false;
    }

    /// Writes, changes of the length and syncs under this plan.
    pub(crate) fn mutations(&self) -> u64 {
        self.platter().mutations
    }

    /// Whether something of the plan has happened.
    pub(crate) fn fired(&self) -> bool {
        self.platter().fired
    }

    /// What the program sees.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.platter().live.clone()
    }

    /// What is found when power comes back; this disk is dead from here on.
    pub(crate) fn crash(&self, tear: Tear, random: &mut Dice) -> Self {
        let mut platter = self.platter();
        platter.dead = true;
        Self::holding(platter.image(tear, random))
    }

    fn platter(&self) -> MutexGuard<'_, Platter> {
        self.0.lock().unwrap()
    }
}

impl Platter {
    fn image(&self, tear: Tear, random: &mut Dice) -> Vec<u8> {
        let mut image = self.durable.clone();
        let mut pending: Vec<&Pending> = self.unsynced.iter().collect();
        if tear == Tear::Reordered {
            for last in (1..pending.len()).rev() {
                pending.swap(last, random.index(last + 1));
            }
        }
        for pending in pending {
            match pending {
                Pending::SetLen(len) => {
                    if tear != Tear::Nothing && random.one_in(2) {
                        image.resize(usize::try_from(*len).unwrap(), 0);
                    }
                }
                Pending::Write(offset, data) => {
                    for (from, to) in survivors(tear, data.len(), random) {
                        put(&mut image, *offset + from as u64, &data[from..to]);
                    }
                }
            }
        }
        image
    }

    /// Counts a mutating call, and says what becomes of it.
    fn mutate(&mut self) -> io::Result<()> {
        if self.dead {
            return Err(io::Error::other("there is no power"));
        }
        self.mutations += 1;
        if self.plan.crash_at == Some(self.mutations) {
            self.dead = true;
            self.fired = true;
        } else if let Some(at) = self.plan.fail_at
            && (at == self.mutations || (self.plan.lasting && at < self.mutations))
        {
            self.fired = true;
            return Err(io::Error::other("the disk does not answer"));
        }
        Ok(())
    }

    /// A call that power was lost in has no good end, whatever it did.
    fn answer(&self) -> io::Result<()> {
        if self.dead {
            return Err(io::Error::other("power was lost"));
        }
        Ok(())
    }

    fn reserve(&mut self, end: u64) -> io::Result<()> {
        if self.plan.capacity.is_some_and(|room| end > room) {
            self.fired = true;
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        Ok(())
    }
}

/// The parts of a write that arrive, in bytes from its beginning.
fn survivors(tear: Tear, len: usize, random: &mut Dice) -> Vec<(usize, usize)> {
    let pieces = |size: &mut dyn FnMut(&mut Dice) -> usize, random: &mut Dice| {
        let (mut kept, mut from) = (Vec::new(), 0);
        while from < len {
            let to = (from + size(random)).min(len);
            if random.one_in(2) {
                kept.push((from, to));
            }
            from = to;
        }
        kept
    };
    match tear {
        Tear::Nothing => Vec::new(),
        Tear::Whole => pieces(&mut |_| len, random),
        Tear::Sectors => pieces(&mut |_| 512, random),
        Tear::Prefix => vec![(0, random.index(len + 1))],
        Tear::Chunks => pieces(&mut |random| 1 + random.index(64), random),
        Tear::Mixed | Tear::Reordered => {
            const EACH: [Tear; 4] = [Tear::Whole, Tear::Sectors, Tear::Prefix, Tear::Chunks];
            let each = EACH[random.index(EACH.len())];
            survivors(each, len, random)
        }
    }
}

fn put(bytes: &mut Vec<u8>, offset: u64, data: &[u8]) {
    let from = usize::try_from(offset).unwrap();
    let to = from + data.len();
    if bytes.len() < to {
        bytes.resize(to, 0);
    }
    bytes[from..to].copy_from_slice(data);
}

impl StorageBackend for SimDisk {
    fn len(&self) -> io::Result<u64> {
        let platter = self.platter();
        platter.answer()?;
        Ok(platter.live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut platter = self.platter();
        platter.answer()?;
        platter.reads += 1;
        if platter.plan.short_read_at == Some(platter.reads) {
            platter.fired = true;
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        let from = usize::try_from(offset).unwrap();
        let bytes = platter.live.get(from..from + out.len());
        let bytes = bytes.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut platter = self.platter();
        platter.mutate()?;
        platter.reserve(len)?;
        platter.live.resize(usize::try_from(len).unwrap(), 0);
        platter.unsynced.push(Pending::SetLen(len));
        platter.answer()
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut platter = self.platter();
        let failed = platter.mutate();
        if failed.is_err() && platter.plan.forgetful && !platter.dead {
            let mut random = Dice::new(platter.mutations);
            platter.live = platter.image(Tear::Mixed, &mut random);
            platter.unsynced.clear();
            let live = platter.live.clone();
            platter.durable = live;
        }
        failed?;
        // Of a sync that power was lost in nothing is known; the writes stay pending.
        platter.answer()?;
        if platter.plan.lying {
            return Ok(());
        }
        for pending in std::mem::take(&mut platter.unsynced) {
            match pending {
                Pending::Write(offset, data) => put(&mut platter.durable, offset, &data),
                Pending::SetLen(len) => platter.durable.resize(usize::try_from(len).unwrap(), 0),
            }
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut platter = self.platter();
        platter.mutate()?;
        platter.reserve(offset + data.len() as u64)?;
        let mut offset = offset;
        let due = platter.plan.misdirect_at;
        if due.is_some_and(|at| at <= platter.mutations) && offset >= 4096 && !platter.fired {
            platter.fired = true;
            let pages = platter.live.len() as u64 / 4096;
            offset = (1 + (offset / 4096 + pages / 3) % pages.max(2)) * 4096;
        }
        put(&mut platter.live, offset, data);
        platter.unsynced.push(Pending::Write(offset, data.to_vec()));
        platter.answer()
    }
}
