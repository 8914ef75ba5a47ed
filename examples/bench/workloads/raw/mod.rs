//! redb alone: callers that wait for their commit, and one thread that commits for all of them. The
//! rows have the shapes of ours: what a store on redb could reach that does nothing else.

mod counting;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redb::backends::{FileBackend, InMemoryBackend};
use redb::{Database, Durability};
use tokio::task::JoinSet;

use self::counting::{CountingBackend, Io};
use self::writer::{Operation, Writer};
use crate::report::{Latencies, Report};
use crate::setup::{Counts, File};
use crate::workloads::Case;
use crate::{Outcome, system};

/// As much as the store has if nobody says anything.
const CACHE_BYTES: usize = 64 << 20;
/// A caller goes on to the next instance after so many operations.
const TURNS: u64 = 6;
/// Longer tells no more.
const MOST_SECONDS: u64 = 5;

pub(super) async fn run(case: &Case) -> Outcome<Report> {
    let file = case.setup.has_file().then(|| case.setup.new_file());
    let file = file.transpose()?;
    let io = Arc::new(Io::default());
    let database = create(file.as_ref(), Arc::clone(&io))?;
    let durability = if case.setup.is_durable() {
        Durability::Immediate
    } else {
        Durability::None
    };
    let (writer, thread) = Writer::start(database, durability);
    let before = io.now();
    let begun = system::now();
    let end = begun + Duration::from_secs(case.seconds.min(MOST_SECONDS));
    let times = until(end, case.size, writer).await?;
    let (took, counts) = (begun.elapsed(), io.now().since(before));
    thread.join().map_err(|_panic| "the writer panicked")??;
    let operations = times.len() as u64;
    let counts = Counts {
        io: counts,
        operations,
    };
    Ok(Report::new(case, operations, took)
        .latencies(&Latencies::of(times)?)
        .counted(counts, file.as_ref().map_or(0, File::bytes)))
}

fn create(file: Option<&File>, io: Arc<Io>) -> Outcome<Database> {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    let Some(file) = file else {
        let backend = CountingBackend::new(InMemoryBackend::new(), io);
        return Ok(builder.create_with_backend(backend)?);
    };
    let file = std::fs::File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(file.path())?;
    let backend = CountingBackend::new(FileBackend::new(file)?, io);
    Ok(builder.create_with_backend(backend)?)
}

/// So many callers, each with one operation at a time.
async fn until(end: Instant, callers: u64, writer: Writer) -> Outcome<Vec<Duration>> {
    let (instances, numbers) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let (instances, numbers) = (Arc::clone(&instances), Arc::clone(&numbers));
        let writer = writer.clone();
        tasks.spawn(async move {
            let mut times = Vec::new();
            while system::now() < end {
                let instance = instances.fetch_add(1, Ordering::Relaxed);
                let mut before = None;
                for turn in 0..TURNS {
                    let number = numbers.fetch_add(1, Ordering::Relaxed);
                    let operation = Operation {
                        instance,
                        turn,
                        number,
                        before,
                    };
                    let one = system::now();
                    writer.commit(operation).await?;
                    times.push(one.elapsed());
                    before = Some(number);
                }
            }
            Outcome::Ok(times)
        });
    }
    drop(writer);
    let mut times = Vec::new();
    while let Some(of_one_caller) = tasks.join_next().await {
        times.append(&mut of_one_caller??);
    }
    Ok(times)
}
