//! A storage backend that changes nothing until it is told that the file is ours.
//!
//! Opening a redb file writes to it (repair, a flag in the header), before we can see whether it
//! is our store, and whether we can read it. So what an open writes is kept here, in order, until
//! [`Approval::approve`]; a failed open leaves every byte as it was.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ::redb::StorageBackend;

use crate::storage::redb::locks::delegate_locks;

/// Writes go through once the open was approved.
pub(crate) struct StagedBackend {
    inner: Box<dyn StorageBackend>,
    stage: Arc<Stage>,
}

/// What an open has written so far.
#[derive(Debug, Default)]
struct Stage {
    /// Fast path: nothing is kept back any more.
    open: AtomicBool,
    steps: Mutex<Steps>,
}

#[derive(Debug, Default)]
struct Steps {
    approved: bool,
    len: Option<u64>,
    list: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Write { offset: u64, data: Vec<u8> },
    SetLen(u64),
    Sync,
}

/// Lets the writes of a staged backend through.
#[derive(Debug)]
pub(crate) struct Approval(Arc<Stage>);

impl StagedBackend {
    pub(crate) fn new(inner: Box<dyn StorageBackend>) -> (Self, Approval) {
        let stage = Arc::new(Stage::default());
        let approval = Approval(Arc::clone(&stage));
        (Self { inner, stage }, approval)
    }

    /// With the steps if they are still kept back; after approval they are replayed first.
    fn staged(&self) -> io::Result<Option<std::sync::MutexGuard<'_, Steps>>> {
        if self.stage.open.load(Ordering::Acquire) {
            return Ok(None);
        }
        let mut steps = self
            .stage
            .steps
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !steps.approved {
            return Ok(Some(steps));
        }
        // In the order of the open, syncs included: a power loss in between leaves a file that
        // redb recovers, as it would without us.
        for step in steps.list.drain(..) {
            match step {
                Step::Write { offset, data } => self.inner.write(offset, &data)?,
                Step::SetLen(len) => self.inner.set_len(len)?,
                Step::Sync => self.inner.sync_data()?,
            }
        }
        self.stage.open.store(true, Ordering::Release);
        Ok(None)
    }
}

impl Approval {
    /// From the next access on everything goes to the file.
    pub(crate) fn approve(&self) {
        let mut steps = self.0.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.approved = true;
    }
}

impl fmt::Debug for StagedBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl StorageBackend for StagedBackend {
    fn len(&self) -> io::Result<u64> {
        match self.staged()? {
            Some(steps) => steps.len.map_or_else(|| self.inner.len(), Ok),
            None => self.inner.len(),
        }
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let Some(steps) = self.staged()? else {
            return self.inner.read(offset, out);
        };
        read_through(self.inner.as_ref(), &steps, offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let Some(mut steps) = self.staged()? else {
            return self.inner.set_len(len);
        };
        steps.len = Some(len);
        steps.list.push(Step::SetLen(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let Some(mut steps) = self.staged()? else {
            return self.inner.sync_data();
        };
        steps.list.push(Step::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let Some(mut steps) = self.staged()? else {
            return self.inner.write(offset, data);
        };
        let data = data.to_vec();
        steps.list.push(Step::Write { offset, data });
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.inner.close()
    }

    delegate_locks!(inner);
}

/// What the file would say if the steps had been taken.
fn read_through(
    inner: &dyn StorageBackend,
    steps: &Steps,
    offset: u64,
    out: &mut [u8],
) -> io::Result<()> {
    let end = offset.saturating_add(out.len() as u64);
    let below = inner.len()?;
    if end > steps.len.unwrap_or(below) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let there = usize::try_from(below.saturating_sub(offset))
        .unwrap_or(usize::MAX)
        .min(out.len());
    let (from_file, beyond) = out.split_at_mut(there);
    if !from_file.is_empty() {
        inner.read(offset, from_file)?;
    }
    beyond.fill(0);
    for step in &steps.list {
        match step {
            Step::Write { offset: at, data } => overlay(offset, out, *at, data),
            // What was cut off and comes back later is zero.
            Step::SetLen(len) => {
                let keep = usize::try_from(len.saturating_sub(offset)).unwrap_or(usize::MAX);
                if let Some(cut) = out.get_mut(keep..) {
                    cut.fill(0);
                }
            }
            Step::Sync => {}
        }
    }
    Ok(())
}

fn overlay(offset: u64, out: &mut [u8], at: u64, data: &[u8]) {
    let from = offset.max(at);
    let until = offset
        .saturating_add(out.len() as u64)
        .min(at.saturating_add(data.len() as u64));
    if from >= until {
        return;
    }
    let range = |base: u64| {
        let start = usize::try_from(from.saturating_sub(base)).unwrap_or(usize::MAX);
        let end = usize::try_from(until.saturating_sub(base)).unwrap_or(usize::MAX);
        start..end
    };
    if let (Some(to), Some(new)) = (out.get_mut(range(offset)), data.get(range(at))) {
        to.copy_from_slice(new);
    }
}
