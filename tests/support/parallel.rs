//! Work on as many threads as the machine has: live questions to Kyverno take most of a suite's time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// `compute` of every index below `count`, in the order of the indices. A panic of `compute` is passed on.
pub fn in_parallel<T: Send>(count: usize, compute: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let threads = thread::available_parallelism().map_or(2, usize::from).min(count.max(1));
    let mut results: Vec<(usize, T)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut mine = Vec::new();
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        if index >= count {
                            return mine;
                        }
                        mine.push((index, compute(index)));
                    }
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[test]
fn results_keep_their_order() {
    assert_eq!(in_parallel(100, |index| index * 2), (0..100).map(|index| index * 2).collect::<Vec<_>>());
    assert!(in_parallel(0, |index| index).is_empty());
}
