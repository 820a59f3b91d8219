//! Work on several threads: the same on many values, or two things at once. Knows nothing of what the work is,
//! and is below every other module.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// More threads than this would wait for memory.
const THREADS: usize = 8;

/// How many parts of the work there are for each thread.
const SHARES: usize = 16;

/// Applies `work` to all items and returns the results in their order; on one thread when there are fewer items than
/// `enough`.
pub(crate) fn map<T: Send, R: Send>(
    items: Vec<T>,
    enough: usize,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    map_with(items, enough, || (), |(), item| work(item))
}

/// Like [`map`], with something that each thread makes once and uses for all of its items.
pub(crate) fn map_with<T: Send, R: Send, W>(
    items: Vec<T>,
    enough: usize,
    with: impl Fn() -> W + Sync,
    work: impl Fn(&mut W, T) -> R + Sync,
) -> Vec<R> {
    let threads = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(THREADS);
    if items.is_empty() {
        return Vec::new();
    }
    if threads == 1 || items.len() < enough {
        let mut with = with();
        return items
            .into_iter()
            .map(|item| work(&mut with, item))
            .collect();
    }
    let total = items.len();
    let shares = shares(items, threads * SHARES);
    let shares = Mutex::new(shares.into_iter().enumerate());
    // Whoever is done takes the next share: threads are not equally fast, and there is other work beside.
    let next = || shares.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work_on_shares = || {
        let mut with = with();
        let mut done = Vec::new();
        while let Some((number, share)) = next() {
            let results = share.into_iter().map(|item| work(&mut with, item));
            done.push((number, results.collect::<Vec<R>>()));
        }
        done
    };
    let mut done = thread::scope(|scope| {
        let running: Vec<_> = (1..threads).map(|_| scope.spawn(work_on_shares)).collect();
        let mut done = work_on_shares();
        for thread in running {
            done.extend(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    let mut results = Vec::with_capacity(total);
    results.extend(done.into_iter().flat_map(|(_, results)| results));
    results
}

/// Items in so many parts of one size, in their order; fewer when there is not enough.
fn shares<T>(items: Vec<T>, count: usize) -> Vec<Vec<T>> {
    let size = items.len().div_ceil(count).max(1);
    let mut items = items.into_iter();
    let shares = std::iter::from_fn(|| {
        let share: Vec<T> = items.by_ref().take(size).collect();
        (!share.is_empty()).then_some(share)
    });
    shares.collect()
}

/// Does two things at the same time.
pub(crate) fn both<A: Send, B>(
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B,
) -> (A, B) {
    thread::scope(|scope| {
        let running = scope.spawn(one);
        let other = other();
        let one = running.join().unwrap_or_else(|panic| resume_unwind(panic));
        (one, other)
    })
}

/// Whether the process ends when its work is done.
static ENDS: AtomicBool = AtomicBool::new(false);

/// Says that the process ends when its work is done: then the system takes all memory back at once.
pub(crate) fn process_ends() {
    ENDS.store(true, Ordering::Relaxed);
}

/// Drops something on a thread of its own: what consists of very many pieces takes its time. Where there can be no more threads,
/// it is dropped here.
pub(crate) fn let_go(value: impl Send + 'static) {
    drop(thread::Builder::new().spawn(move || drop(value)));
}

/// Like [`let_go`], for what is needed until all work is done but for the last of it: where the process ends then, it is left
/// to the system. Not for what is made again and again.
pub(crate) fn leave(value: impl Send + 'static) {
    if ENDS.load(Ordering::Relaxed) {
        std::mem::forget(value);
    } else {
        let_go(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_done() {
        assert_eq!(both(|| 1, || "two"), (1, "two"));
    }

    #[test]
    fn results_come_in_order() {
        for count in [0, 1, 7, 1000] {
            let numbers: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = numbers.iter().map(|number| number * 2).collect();
            assert_eq!(map(numbers, 3, |number| number * 2), doubled);
        }
    }
}
