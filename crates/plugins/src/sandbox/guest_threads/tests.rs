use std::{
    sync::{Barrier, mpsc},
    time::Instant,
};

use super::*;

/// Far longer than the threads need on a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Returns a callback that sends a result.
fn sending<T: Send + 'static>(sender: &mpsc::Sender<T>, result: T) -> Ended {
    let sender = sender.clone();
    Box::new(move || sender.send(result).unwrap())
}

#[test]
fn last_idle_thread_is_reused_plug_2() {
    const THREADS: usize = 4;
    let threads = GuestThreads::new("test", THREADS);
    let (sender, ended) = mpsc::channel();
    let run = || {
        let sender = sender.clone();
        let work = move || sending(&sender, thread::current().id());
        threads.run(work).unwrap();
        ended.recv_timeout(TIMEOUT).unwrap()
    };
    // The receiver of a result finds the thread idle, so there is no second one.
    let first = run();
    assert!((0..1_000).all(|_| run() == first));
    assert_eq!(threads.pool.state.lock().threads, 1);
    let (barrier, (all, done)) = (Arc::new(Barrier::new(THREADS)), mpsc::channel());
    for _ in 0..THREADS {
        let (all, barrier) = (all.clone(), Arc::clone(&barrier));
        let work = move || {
            barrier.wait();
            sending(&all, ())
        };
        threads.run(work).unwrap();
    }
    (0..THREADS).for_each(|_| done.recv_timeout(TIMEOUT).unwrap());
    // Of several threads the last one is used again, so that the others end.
    let last = run();
    assert!((0..1_000).all(|_| run() == last));
}

#[test]
fn work_runs_beside_other_work_up_to_the_maximum_plug_2() {
    const THREADS: usize = 3;
    let threads = GuestThreads::new("test", THREADS);
    let (sender, ended) = mpsc::channel();
    let barrier = Arc::new(Barrier::new(THREADS));
    for _ in 0..THREADS * 2 {
        let (sender, barrier) = (sender.clone(), Arc::clone(&barrier));
        let work = move || {
            // Each round needs all threads at the same time.
            barrier.wait();
            sending(&sender, ())
        };
        threads.run(work).unwrap();
    }
    for _ in 0..THREADS * 2 {
        ended.recv_timeout(TIMEOUT).unwrap();
    }
    assert_eq!(threads.pool.state.lock().threads, THREADS);
}

#[test]
fn panic_of_work_does_not_end_its_thread_plug_2() {
    let threads = GuestThreads::new("test", 1);
    threads.run(|| -> Ended { panic!("bad") }).unwrap();
    let (sender, ended) = mpsc::channel();
    threads
        .run(move || sending(&sender, thread::current().id()))
        .unwrap();
    ended.recv_timeout(TIMEOUT).unwrap();
    assert_eq!(threads.pool.state.lock().threads, 1);
}

#[test]
fn threads_end_with_their_pool_after_their_work_plug_2() {
    let threads = GuestThreads::new("test", 1);
    let (sender, ended) = mpsc::channel();
    for number in 0..10 {
        let sender = sender.clone();
        threads.run(move || sending(&sender, number)).unwrap();
    }
    let pool = Arc::downgrade(&threads.pool);
    drop((threads, sender));
    assert_eq!(
        ended.iter().collect::<Vec<_>>(),
        (0..10).collect::<Vec<_>>()
    );
    let begun = Instant::now();
    while pool.strong_count() > 0 {
        assert!(begun.elapsed() < TIMEOUT, "a thread still runs");
        thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn guests_have_a_lower_priority_than_the_service_plug_2() {
    let nice = || rustix::process::getpriority_process(None).unwrap();
    let threads = GuestThreads::new("test", 1);
    let (sender, measured) = mpsc::channel();
    let before = nice();
    threads.run(move || sending(&sender, nice())).unwrap();
    let lowered = measured.recv_timeout(TIMEOUT).unwrap();
    assert_eq!(lowered, (before + NICE).min(19));
    assert_eq!(nice(), before, "the priority of the service changed");
}
