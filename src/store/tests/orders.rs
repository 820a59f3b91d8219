//! Runs at one store at the same time, in every order of their calls to the backend that few switches from one to another make.
//!
//! Most faults of such protocols show themselves within two switches (Musuvathi and Qadeer, "Iterative context bounding", PLDI 2007).

use std::sync::{Arc, Condvar, Mutex};

use super::memory::{Around, Memory, Watched};
use super::support::*;
use crate::store::backend::{Backend, BackendError};
use crate::store::*;

/// A run: what it does with the store.
type Run = fn(&Store);

/// Whose turn it is, and when it becomes that of another: (number of the call, run).
#[derive(Debug)]
struct Turns {
    turn: usize,
    alive: Vec<bool>,
    calls: usize,
    switches: Vec<(usize, usize)>,
}

#[derive(Debug)]
struct Schedule {
    turns: Mutex<Turns>,
    changed: Condvar,
}

impl Schedule {
    /// Before each call: hands over where the schedule says so, and waits for its turn.
    fn call(&self, me: usize) {
        let wait = |turns| {
            self.changed
                .wait_while(turns, |turns: &mut Turns| turns.turn != me)
        };
        let mut turns = wait(self.turns.lock().unwrap()).unwrap();
        turns.calls += 1;
        let switch = turns.switches.iter().find(|(at, _)| *at == turns.calls);
        if let Some((_, to)) = switch.copied().filter(|(_, to)| turns.alive[*to]) {
            turns.turn = to;
            self.changed.notify_all();
        }
        drop(wait(turns).unwrap());
    }

    fn end(&self, me: usize) {
        let mut turns = self.turns.lock().unwrap();
        turns.alive[me] = false;
        if let Some(next) = turns.alive.iter().position(|alive| *alive) {
            turns.turn = next;
        }
        self.changed.notify_all();
    }
}

/// One of the runs.
#[derive(Debug)]
struct Scheduled {
    schedule: Arc<Schedule>,
    me: usize,
}

impl Drop for Scheduled {
    fn drop(&mut self) {
        // Also when the run panicked: the others must not wait for it.
        self.schedule.end(self.me);
    }
}

impl Around for Scheduled {
    fn call<T>(
        &self,
        _writes: bool,
        run: impl FnOnce() -> Result<T, BackendError>,
    ) -> Result<T, BackendError> {
        self.schedule.call(self.me);
        run()
    }
}

/// Runs them on a copy of `files`; returns the files then, and how many calls were made.
fn run(
    files: &Memory,
    runs: &[Run],
    first: usize,
    switches: &[(usize, usize)],
) -> (Arc<Memory>, usize) {
    let files = files.copy();
    let schedule = Arc::new(Schedule {
        turns: Mutex::new(Turns {
            turn: first,
            alive: vec![true; runs.len()],
            calls: 0,
            switches: switches.to_vec(),
        }),
        changed: Condvar::new(),
    });
    std::thread::scope(|scope| {
        for (me, run) in runs.iter().enumerate() {
            let schedule = Arc::clone(&schedule);
            let backend = Arc::new(Watched {
                files: Arc::clone(&files),
                around: Scheduled { schedule, me },
            });
            scope.spawn(move || run(&Store::open_on(backend).unwrap()));
        }
    });
    let calls = schedule.turns.lock().unwrap().calls;
    (files, calls)
}

/// All orders with up to two switches: after each the store must be whole. Of three runs the first one begins.
fn in_all_orders(files: &Memory, runs: &[Run]) {
    let others = |run: usize| (0..runs.len()).filter(move |other| *other != run);
    let check = |first, switches: &[(usize, usize)]| {
        let (files, calls) = run(files, runs, first, switches);
        let report = Store::open_on(files).unwrap().verify().unwrap();
        assert_eq!(
            report.faults,
            [],
            "run {first}, then (call, run) {switches:?}"
        );
        calls
    };
    let mut count = 0;
    let firsts = if runs.len() > 2 { 1 } else { runs.len() };
    for first in 0..firsts {
        let mut at = 1;
        while at <= check(first, &[]) {
            for second in others(first) {
                let mut later = at + 1;
                while later <= check(first, &[(at, second)]) {
                    for third in others(second) {
                        check(first, &[(at, second), (later, third)]);
                        count += 1;
                    }
                    later += 1;
                }
            }
            at += 1;
        }
    }
    assert!(count > 100, "{count}");
}

fn collect(store: &Store) {
    store.gc(&graceless()).unwrap();
}

fn of_database(oid: u32) -> SnapshotMeta {
    SnapshotMeta {
        database: database(oid),
        ..meta(i64::from(oid))
    }
}

fn writes(store: &Store) {
    store.write_snapshot(&schema(1, 1), of_database(1)).unwrap();
}

fn writes_the_same(store: &Store) {
    store.write_snapshot(&schema(1, 1), of_database(2)).unwrap();
}

fn takes_it_back(store: &Store) {
    let prepared = store.prepare(&schema(1, 1), of_database(3)).unwrap();
    store.discard(prepared).unwrap();
}

/// Takes the snapshot again that is the newest of database 1.
fn repeats(store: &Store) {
    let Some((earlier, _)) = store.newest(&database(1).id()).unwrap() else {
        return;
    };
    store.repeat_snapshot(earlier, meta(100)).unwrap();
}

fn takes_back_what_may_be_repeated(store: &Store) {
    let prepared = store.prepare(&schema(1, 1), of_database(1)).unwrap();
    store.discard(prepared).unwrap();
}

/// The beginning of a discard: deletes the newest manifest of database 1.
fn deletes(store: &Store) {
    if let Some((id, manifest)) = store.newest(&database(1).id()).unwrap() {
        store.backend.delete(&manifest.key(id)).unwrap();
    }
}

/// A store with one snapshot of another content.
fn files() -> Arc<Memory> {
    let (memory, store) = Memory::store();
    store.write_snapshot(&schema(2, 5), of_database(9)).unwrap();
    memory
}

/// The same, and a pack of what the runs write that nothing refers to.
fn files_and_leftover() -> Arc<Memory> {
    let memory = files();
    let store = Store::open_on(memory.clone()).unwrap();
    let lost = store.write_snapshot(&schema(1, 1), meta(0)).unwrap();
    memory.delete(&lost.manifest.key(lost.id)).unwrap();
    memory
}

#[test]
fn a_writer_and_gc() {
    in_all_orders(&files(), &[writes, collect]);
    in_all_orders(&files_and_leftover(), &[writes, collect]);
}

#[test]
fn two_of_gc() {
    in_all_orders(&files_and_leftover(), &[collect, collect]);
}

#[test]
fn a_writer_and_one_who_takes_the_same_back() {
    in_all_orders(&files(), &[writes, takes_it_back]);
    in_all_orders(&files_and_leftover(), &[writes, takes_it_back]);
}

#[test]
fn two_writers_and_gc() {
    in_all_orders(&files_and_leftover(), &[writes, writes_the_same, collect]);
}

#[test]
fn a_snapshot_is_taken_back_while_it_is_repeated() {
    in_all_orders(&files(), &[takes_back_what_may_be_repeated, repeats]);
}

#[test]
fn what_is_repeated_is_deleted_and_its_pack_rewritten() {
    let memory = files();
    let store = Store::open_on(memory.clone()).unwrap();
    let large = store.write_snapshot(&schema(9, 1), meta(0)).unwrap();
    memory.delete(&large.manifest.key(large.id)).unwrap();
    store.write_snapshot(&schema(1, 1), of_database(1)).unwrap();
    in_all_orders(&memory, &[collect, repeats, deletes]);
}
