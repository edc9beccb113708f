use std::{
    sync::{Barrier, mpsc},
    time::Instant,
};

use super::*;

/// Far longer than the threads need on a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(30);

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
            sender.send(()).unwrap();
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
    threads.run(|| panic!("bad")).unwrap();
    let (sender, ended) = mpsc::channel();
    threads
        .run(move || sender.send(thread::current().id()).unwrap())
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
        threads.run(move || sender.send(number).unwrap()).unwrap();
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
    threads.run(move || sender.send(nice()).unwrap()).unwrap();
    let lowered = measured.recv_timeout(TIMEOUT).unwrap();
    assert_eq!(lowered, (before + NICE).min(19));
    assert_eq!(nice(), before, "the priority of the service changed");
}
