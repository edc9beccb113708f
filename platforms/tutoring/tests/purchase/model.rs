//! The whole purchase as a property over random interleavings of client, webhook, expiry, crash and
//! retry.

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use uuid::Uuid;

use crate::{
    app::TestPlatform,
    peer::Peer,
    play::{Discount, Package, Run, Step, Student, shown},
    test_servers::TestServers,
};

/// Cases of one run. Each takes two seconds.
const CASES: u64 = 6;
/// The environment variable with another number of cases.
const CASES_VARIABLE: &str = "SEAWORTHY_TUTORING_CASES";
/// The environment variable with the seed of the first case. A failure prints it.
const SEED_VARIABLE: &str = "SEAWORTHY_TUTORING_SEED";
/// Redemptions of the coupon of a case: fewer than its students.
const REDEMPTIONS: u32 = 1;
/// Above the rating of most capacity.
const RATING: f64 = 4.8;

/// The students and the steps of a case. The steps of a group run at the same time.
#[derive(Debug, Clone)]
struct Case {
    students: Vec<Student>,
    groups: Vec<Vec<Step>>,
}

fn package() -> impl Strategy<Value = Package> {
    let sessions = prop_oneof![Just(10_u8), Just(20), Just(30)];
    let slot = prop_oneof![Just("16:00"), Just("17:00")];
    let discount = prop_oneof![
        2 => Just(Discount::None),
        1 => Just(Discount::Coupon),
        1 => Just(Discount::Deal),
    ];
    let coins = prop_oneof![Just(0_i64), Just(20), Just(50)];
    (sessions, slot, discount, coins).prop_map(|(sessions, slot, discount, coins)| Package {
        sessions,
        slot,
        discount,
        coins,
    })
}

fn student() -> impl Strategy<Value = Student> {
    let coins = prop_oneof![Just(0_i64), Just(30)];
    (coins, [package(), package()]).prop_map(|(coins, packages)| Student {
        id: Uuid::new_v4(),
        coins,
        packages,
    })
}

fn step() -> impl Strategy<Value = Step> {
    // Each case has a few students and payments.
    let any = || 0..12_usize;
    let paid = prop_oneof![3 => Just("captured"), 1 => Just("authorized"), 1 => Just("failed")];
    prop_oneof![
        9 => (any(), any()).prop_map(|(student, package)| Step::Buy(student, package)),
        9 => (any(), paid).prop_map(|(number, status)| Step::Pay(number, status)),
        6 => any().prop_map(Step::Confirm),
        6 => any().prop_map(Step::Webhook),
        2 => any().prop_map(Step::Delay),
        4 => any().prop_map(Step::OldWebhook),
        1 => any().prop_map(Step::Forge),
        1 => Just(Step::LoseResponses),
        2 => Just(Step::Work),
        2 => any().prop_map(Step::Expire),
        1 => Just(Step::SettleDiscounts),
        1 => Just(Step::Reconcile),
        3 => any().prop_map(Step::Refund),
        2 => any().prop_map(Step::RefundAtProvider),
        1 => any().prop_map(Step::CancelSession),
        1 => any().prop_map(Step::CancelLate),
        1 => any().prop_map(Step::CancelAllocation),
        1 => Just(Step::RetryAllocations),
        1 => Just(Step::Crash),
    ]
}

fn case(seed: u64) -> Case {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let groups = prop::collection::vec(prop::collection::vec(step(), 1..4), 10..24);
    let strategy = (prop::collection::vec(student(), 1..4), groups);
    let (students, groups) = strategy.new_tree(&mut runner).unwrap().current();
    Case { students, groups }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn random_purchases_keep_the_invariants_msg_5() {
    let app = TestPlatform::start(TestServers::default()).await;
    let peer = Peer::start(&app).await;
    let (first, _) = Uuid::new_v4().as_u64_pair();
    let first = number(SEED_VARIABLE).unwrap_or(first);
    for index in 0..number(CASES_VARIABLE).unwrap_or(CASES) {
        let seed = first.wrapping_add(index);
        let (case, run) = (case(seed), Run::default());
        let played = AssertUnwindSafe(play(&app, &peer, &case, &run));
        if played.catch_unwind().await.is_err() {
            let payments = shown(&run);
            panic!("{SEED_VARIABLE}={seed} fails: {case:#?}\npayments: {payments}");
        }
    }
}

async fn play(app: &TestPlatform, peer: &Peer, case: &Case, run: &Run) {
    app.approve(peer, RATING).await;
    let coupon = format!("MODEL{}", Uuid::new_v4().simple());
    let coupon = &coupon[..20];
    app.create_coupon(coupon, REDEMPTIONS);
    for student in &case.students {
        app.give_coins(student.id, student.coins);
    }
    let handle = tokio::runtime::Handle::current();
    for group in &case.groups {
        tokio::task::block_in_place(|| {
            std::thread::scope(|scope| {
                for step in group {
                    let handle = handle.clone();
                    scope.spawn(move || {
                        let _runtime = handle.enter();
                        run.step(app, coupon, &case.students, *step);
                    });
                }
            });
        });
    }
    app.finish_pending_work().await;
    app.check_invariants().await;
    for student in &case.students {
        app.check_student(student.id, student.coins).await;
    }
}
