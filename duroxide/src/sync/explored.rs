//! The same names for unit tests: made while schedules are explored, a thing belongs to their
//! scheduler; made anywhere else, it is the one of the standard library.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LockResult, PoisonError};
use std::time::Duration;

use shuttle::rand::Rng as _;

/// So many others may come first while something is waited for that also ends by itself.
const LONGEST_WAIT: u64 = 6;

fn is_explored() -> bool {
    shuttle::current::try_get_current_task().is_some()
}

fn map<G, H>(result: LockResult<G>, map: impl FnOnce(G) -> H) -> LockResult<H> {
    match result {
        Ok(guard) => Ok(map(guard)),
        Err(poisoned) => Err(PoisonError::new(map(poisoned.into_inner()))),
    }
}

/// Like [`std::sync::Mutex`].
#[derive(Debug)]
pub(crate) enum Mutex<T> {
    Plain(std::sync::Mutex<T>),
    Explored(shuttle::sync::Mutex<T>),
}

/// Like [`std::sync::MutexGuard`].
#[derive(Debug)]
pub(crate) struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    held: Held<'a, T>,
}

#[derive(Debug)]
enum Held<'a, T> {
    Plain(std::sync::MutexGuard<'a, T>),
    Explored(shuttle::sync::MutexGuard<'a, T>),
}

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        if is_explored() {
            Self::Explored(shuttle::sync::Mutex::new(value))
        } else {
            Self::Plain(std::sync::Mutex::new(value))
        }
    }

    pub(crate) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let with = |held| MutexGuard { mutex: self, held };
        match self {
            Self::Plain(mutex) => map(mutex.lock(), |held| with(Held::Plain(held))),
            Self::Explored(mutex) => map(mutex.lock(), |held| with(Held::Explored(held))),
        }
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.held {
            Held::Plain(held) => held,
            Held::Explored(held) => held,
        }
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        match &mut self.held {
            Held::Plain(held) => held,
            Held::Explored(held) => held,
        }
    }
}

/// Like [`std::sync::Condvar`]. When schedules are explored, some threads wait with a limit of time,
/// or some without, but not both at once.
#[derive(Debug)]
pub(crate) enum Condvar {
    Plain(std::sync::Condvar),
    Explored {
        condvar: shuttle::sync::Condvar,
        /// How often it was notified, for those who wait with a limit: their scheduler knows none.
        notified: AtomicU64,
    },
}

/// Like [`std::sync::WaitTimeoutResult`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    pub(crate) fn timed_out(self) -> bool {
        self.0
    }
}

impl Condvar {
    pub(crate) fn new() -> Self {
        if is_explored() {
            Self::Explored {
                condvar: shuttle::sync::Condvar::new(),
                notified: AtomicU64::new(0),
            }
        } else {
            Self::Plain(std::sync::Condvar::new())
        }
    }

    pub(crate) fn notify_one(&self) {
        match self {
            Self::Plain(condvar) => condvar.notify_one(),
            Self::Explored { condvar, notified } => {
                notified.fetch_add(1, Ordering::SeqCst);
                condvar.notify_one();
            }
        }
    }

    pub(crate) fn notify_all(&self) {
        match self {
            Self::Plain(condvar) => condvar.notify_all(),
            Self::Explored { condvar, notified } => {
                notified.fetch_add(1, Ordering::SeqCst);
                condvar.notify_all();
            }
        }
    }

    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        let mutex = guard.mutex;
        let with = |held| MutexGuard { mutex, held };
        match (self, guard.held) {
            (Self::Plain(condvar), Held::Plain(held)) => {
                map(condvar.wait(held), |held| with(Held::Plain(held)))
            }
            (Self::Explored { condvar, .. }, Held::Explored(held)) => {
                map(condvar.wait(held), |held| with(Held::Explored(held)))
            }
            _ => panic!("a mutex and its condition variable were made in different worlds"),
        }
    }

    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        limit: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let mutex = guard.mutex;
        match (self, guard.held) {
            (Self::Plain(condvar), Held::Plain(held)) => {
                map(condvar.wait_timeout(held, limit), |(held, waited)| {
                    let held = Held::Plain(held);
                    let waited = WaitTimeoutResult(waited.timed_out());
                    (MutexGuard { mutex, held }, waited)
                })
            }
            (Self::Explored { notified, .. }, Held::Explored(held)) => {
                let before = notified.load(Ordering::SeqCst);
                let is_told = || notified.load(Ordering::SeqCst) != before;
                drop(held);
                for _ in 0..shuttle::rand::thread_rng().gen_range(0..=LONGEST_WAIT) {
                    if is_told() {
                        break;
                    }
                    shuttle::thread::yield_now();
                }
                let told = is_told();
                map(mutex.lock(), |guard| (guard, WaitTimeoutResult(!told)))
            }
            _ => panic!("a mutex and its condition variable were made in different worlds"),
        }
    }

    pub(crate) fn wait_timeout_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        limit: Duration,
        mut is_early: impl FnMut(&mut T) -> bool,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        if let Self::Plain(condvar) = self {
            let mutex = guard.mutex;
            let Held::Plain(held) = guard.held else {
                panic!("a mutex and its condition variable were made in different worlds");
            };
            let waited = condvar.wait_timeout_while(held, limit, is_early);
            return map(waited, |(held, waited)| {
                let held = Held::Plain(held);
                let waited = WaitTimeoutResult(waited.timed_out());
                (MutexGuard { mutex, held }, waited)
            });
        }
        while is_early(&mut guard) {
            let waited;
            (guard, waited) = self.wait_timeout(guard, limit)?;
            if waited.timed_out() {
                return Ok((guard, waited));
            }
        }
        Ok((guard, WaitTimeoutResult(false)))
    }
}

/// Like [`std::sync::atomic::AtomicBool`].
#[derive(Debug)]
pub(crate) enum AtomicBool {
    Plain(std::sync::atomic::AtomicBool),
    Explored(shuttle::sync::atomic::AtomicBool),
}

impl AtomicBool {
    pub(crate) fn new(value: bool) -> Self {
        if is_explored() {
            Self::Explored(shuttle::sync::atomic::AtomicBool::new(value))
        } else {
            Self::Plain(std::sync::atomic::AtomicBool::new(value))
        }
    }

    pub(crate) fn load(&self, order: Ordering) -> bool {
        match self {
            Self::Plain(flag) => flag.load(order),
            Self::Explored(flag) => flag.load(order),
        }
    }

    pub(crate) fn store(&self, value: bool, order: Ordering) {
        match self {
            Self::Plain(flag) => flag.store(value, order),
            Self::Explored(flag) => flag.store(value, order),
        }
    }

    pub(crate) fn swap(&self, value: bool, order: Ordering) -> bool {
        match self {
            Self::Plain(flag) => flag.swap(value, order),
            Self::Explored(flag) => flag.swap(value, order),
        }
    }
}

impl Default for AtomicBool {
    fn default() -> Self {
        Self::new(false)
    }
}

/// Like [`std::thread`].
pub(crate) mod thread {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Like [`std::thread::Builder`].
    #[derive(Debug, Default)]
    pub(crate) struct Builder {
        name: String,
    }

    /// Like [`std::thread::JoinHandle`].
    #[derive(Debug)]
    pub(crate) enum JoinHandle<T> {
        Plain(std::thread::JoinHandle<T>),
        Explored(shuttle::thread::JoinHandle<T>, Arc<AtomicBool>),
    }

    impl Builder {
        pub(crate) fn new() -> Self {
            Self::default()
        }

        pub(crate) fn name(mut self, name: String) -> Self {
            self.name = name;
            self
        }

        pub(crate) fn spawn<F, T>(self, run: F) -> io::Result<JoinHandle<T>>
        where
            F: FnOnce() -> T + Send + 'static,
            T: Send + 'static,
        {
            if !super::is_explored() {
                let thread = std::thread::Builder::new().name(self.name).spawn(run);
                return thread.map(JoinHandle::Plain);
            }
            let over = Arc::new(AtomicBool::new(false));
            let at_the_end = Over(Arc::clone(&over));
            let builder = shuttle::thread::Builder::new().name(self.name);
            let thread = builder.spawn(move || {
                let _at_the_end = at_the_end;
                run()
            })?;
            Ok(JoinHandle::Explored(thread, over))
        }
    }

    impl<T> JoinHandle<T> {
        pub(crate) fn join(self) -> std::thread::Result<T> {
            match self {
                Self::Plain(thread) => thread.join(),
                Self::Explored(thread, _) => thread.join(),
            }
        }

        pub(crate) fn is_finished(&self) -> bool {
            match self {
                Self::Plain(thread) => thread.is_finished(),
                Self::Explored(_, over) => over.load(Ordering::SeqCst),
            }
        }
    }

    struct Over(Arc<AtomicBool>);

    impl Drop for Over {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
}
