//! Many things at once.

use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does something with each of these, so many at a time. After the first error nothing more is begun.
pub(crate) fn each<T: Send, E: Send>(
    jobs: usize,
    items: impl IntoIterator<Item = T, IntoIter: Send>,
    work: impl Fn(T) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let items = Mutex::new(items.into_iter().fuse());
    let failed = Mutex::new(None);
    let one = || loop {
        let next = items.lock().unwrap_or_else(PoisonError::into_inner).next();
        let mut failed_now = failed.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(item), None) = (next, &*failed_now) else {
            return;
        };
        drop(failed_now);
        if let Err(error) = work(item) {
            failed_now = failed.lock().unwrap_or_else(PoisonError::into_inner);
            failed_now.get_or_insert(error);
            return;
        }
    };
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(one);
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn each_is_worked_on_once_until_one_fails() {
        let sum = AtomicUsize::new(0);
        let add = |n: usize| {
            sum.fetch_add(n, Ordering::Relaxed);
            if n == 7 { Err("seven") } else { Ok(()) }
        };
        assert_eq!(each(3, [1, 2, 3, 4], add), Ok(()));
        assert_eq!(sum.load(Ordering::Relaxed), 10);
        assert_eq!(each(1, [7, 1, 1], add), Err("seven"));
        assert_eq!(sum.load(Ordering::Relaxed), 17);
    }
}
