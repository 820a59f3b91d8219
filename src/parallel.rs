//! Work on several threads: the same on many values, or two things at once. Knows nothing of what the work is,
//! and is below every other module.

use std::panic::resume_unwind;
use std::thread;

/// More threads than this would wait for memory.
const THREADS: usize = 8;

/// Applies `work` to all items and returns the results in their order; on one thread when there are fewer items than
/// `enough`.
pub(crate) fn map<T: Send, R: Send>(
    items: Vec<T>,
    enough: usize,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let threads = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(THREADS);
    if threads == 1 || items.len() < enough {
        return items.into_iter().map(work).collect();
    }
    let total = items.len();
    let share = total.div_ceil(threads);
    let mut items = items.into_iter();
    let shares: Vec<Vec<T>> = (0..threads)
        .map(|_| items.by_ref().take(share).collect())
        .collect();
    let work = &work;
    thread::scope(|scope| {
        let running: Vec<_> = shares
            .into_iter()
            .map(|share| scope.spawn(move || share.into_iter().map(work).collect::<Vec<R>>()))
            .collect();
        let mut results = Vec::with_capacity(total);
        for thread in running {
            results.extend(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        results
    })
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

/// Drops something on a thread of its own: what consists of very many pieces takes its time. Where there can be no more threads,
/// it is dropped here.
pub(crate) fn let_go(value: impl Send + 'static) {
    drop(thread::Builder::new().spawn(move || drop(value)));
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
