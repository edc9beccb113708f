//! The state after all messages were handled.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use seaworthy::data::{
    Database,
    chrono::{TimeDelta, Utc},
    sql,
};
use serde_json::Value;
use tokio::task::block_in_place;
use uuid::Uuid;

use crate::{
    app::{TIMEOUT, TestPlatform},
    provider::Mode,
    tokens::student_token,
};

/// The consumer groups of purchases and sessions.
const GROUPS: [&str; 8] = [
    "payment-workers",
    "purchase-creation-workers",
    "progress-workers",
    "trainer-allocation-workers",
    "session-scheduling-workers",
    "booking-copies",
    "cache-invalidation-workers",
    "student-copies",
];
/// Consecutive polls that must find all queues empty. A message moves from an outbox to a queue.
const QUIET_POLLS: u32 = 3;
/// The poll interval of a file.
const FILE_POLL: Duration = Duration::from_millis(20);
/// The poll interval of the lag. Services measure it more often.
const LAG_POLL: Duration = Duration::from_millis(400);
const WAITING: &str = "SELECT COUNT(*) FROM broker_messages WHERE group_name IN (?*)";
const DEAD_LETTERS: &str = "SELECT COUNT(*) FROM broker_dead_letters";

/// A payment as stored.
#[derive(Debug)]
struct Payment {
    id: Uuid,
    status: String,
    order: Option<String>,
    provider_payment: Option<String>,
    amount: i64,
    coins: i64,
    discount: String,
    quote: Value,
}

impl Payment {
    fn has_succeeded(&self) -> bool {
        self.status == "succeeded"
    }

    fn is_open(&self) -> bool {
        matches!(self.status.as_str(), "initiated" | "processing")
    }
}

impl TestPlatform {
    /// Lets workers finish interrupted work, and waits until no message is on its way.
    pub(crate) async fn finish_pending_work(&self) {
        self.provider.set_mode(Mode::Works);
        let payment = self.database("payment").await;
        sql("UPDATE refunds SET updated_at = ?")
            .bind(Utc::now() - TimeDelta::hours(1))
            .execute(&payment)
            .await
            .unwrap();
        for worker in ["settle refunds", "reconcile payments", "settle discounts"] {
            assert!(block_in_place(|| self.run_worker("payment", worker)));
        }
        self.wait_for_quiet().await;
    }

    async fn wait_for_quiet(&self) {
        let mut outboxes = Vec::new();
        for service in ["payment", "course", "booking"] {
            outboxes.push(self.database(service).await);
        }
        let file = match self.broker_is_file() {
            true => Some(self.database("broker").await),
            false => None,
        };
        let interval = if file.is_some() { FILE_POLL } else { LAG_POLL };
        let (started, mut quiet) = (Instant::now(), 0);
        while quiet < QUIET_POLLS {
            let mut waiting = match &file {
                Some(file) => count(file, WAITING, &GROUPS).await,
                None => block_in_place(|| self.metric("consumer_lag", &GROUPS)),
            };
            for outbox in &outboxes {
                waiting += count(outbox, "SELECT COUNT(*) FROM outbox WHERE state <> 3", &[]).await;
            }
            quiet = if waiting == 0 { quiet + 1 } else { 0 };
            assert!(
                started.elapsed() < TIMEOUT,
                "{waiting} messages were not handled"
            );
            tokio::time::sleep(interval).await;
        }
        for outbox in &outboxes {
            let unpublished = count(outbox, "SELECT COUNT(*) FROM outbox", &[]).await;
            assert_eq!(unpublished, 0, "an event was not published");
        }
        let letters = match &file {
            Some(file) => count(file, DEAD_LETTERS, &[]).await,
            None => block_in_place(|| self.metric("messages_dead_lettered_total", &[])),
        };
        assert_eq!(letters, 0, "dead letters");
    }

    /// Runs the checks of the commands `invariants`.
    pub(crate) async fn check_invariants(&self) {
        for (service, invariants) in [
            ("payment", tutoring_payment::INVARIANTS),
            ("course", tutoring_course::INVARIANTS),
            ("booking", tutoring_booking::INVARIANTS),
        ] {
            let database = self.database(service).await;
            let violations = invariants.violations(&database).await.unwrap();
            let broken: Vec<_> = violations.iter().filter(|(_, count)| *count > 0).collect();
            assert!(broken.is_empty(), "{service}: {broken:?}");
        }
    }

    /// Compares what the services and the provider have of a student.
    pub(crate) async fn check_student(&self, student: Uuid, coins: i64) {
        let payments = self.payments(student).await;
        self.check_money(student, &payments).await;
        self.check_coins(student, coins, &payments).await;
        self.check_discounts(student, &payments).await;
        self.check_sessions(student, &payments).await;
        self.check_page(student, &payments).await;
    }

    async fn payments(&self, student: Uuid) -> Vec<Payment> {
        let database = self.database("payment").await;
        type Row = (
            Uuid,
            String,
            Option<String>,
            Option<String>,
            i64,
            i64,
            String,
            Value,
        );
        let rows: Vec<Row> = sql("SELECT id, status, order_id, provider_payment_id, amount_cents, coins, discount_state, quote FROM payments WHERE student_id = ? ORDER BY created_at")
            .bind(student)
            .fetch_all(&database)
            .await
            .unwrap();
        let read =
            |(id, status, order, provider_payment, amount, coins, discount, quote)| Payment {
                id,
                status,
                order,
                provider_payment,
                amount,
                coins,
                discount,
                quote,
            };
        rows.into_iter().map(read).collect()
    }

    /// Captured money completed one payment, waits for an operator or was refunded, and the price
    /// is the quote.
    async fn check_money(&self, student: Uuid, payments: &[Payment]) {
        let database = self.database("payment").await;
        for payment in payments {
            let flagged: Vec<(String, String)> = sql(
                "SELECT provider_payment_id, state FROM unexpected_captures WHERE payment_id = ?",
            )
            .bind(payment.id)
            .fetch_all(&database)
            .await
            .unwrap();
            let mut known = Vec::new();
            let used = matches!(payment.status.as_str(), "succeeded" | "refunded");
            let used = payment.provider_payment.clone().filter(|_| used);
            let used = used.map(|id| (id, payment.status.clone()));
            for (id, state) in flagged.into_iter().chain(used) {
                let is_refunded = self.provider.payment(&id)["status"] == "refunded";
                assert_eq!(
                    state == "refunded",
                    is_refunded,
                    "{student} {id} {payment:?}"
                );
                known.push(id);
            }
            known.sort();
            let order = payment.order.as_deref();
            let mut captured =
                order.map_or_else(Vec::new, |order| self.provider.captured_of(order));
            captured.sort();
            assert_eq!(known, captured, "{student} {payment:?}");
            let total = payment.quote["total"].as_i64().unwrap();
            assert_eq!(payment.amount, total - payment.coins * 100, "{payment:?}");
            if let Some(order) = order {
                assert_eq!(self.provider.order(order)["amount"], payment.amount);
            }
        }
        let mut refunds = BTreeMap::<String, u32>::new();
        for refund in self.provider.refunds() {
            *refunds.entry(refund["payment_id"].to_string()).or_default() += 1;
        }
        assert!(refunds.values().all(|count| *count == 1), "{refunds:?}");
    }

    async fn check_coins(&self, student: Uuid, coins: i64, payments: &[Payment]) {
        let of = |filter: fn(&Payment) -> bool| -> i64 {
            let filtered = payments.iter().filter(|payment| filter(payment));
            filtered.map(|payment| payment.coins).sum()
        };
        let wallet = self.get(
            &format!("/payments/wallet/{student}"),
            &student_token(student),
        );
        let expected = (coins - of(Payment::has_succeeded), of(Payment::is_open));
        let found = (
            wallet["balance"].as_i64().unwrap(),
            wallet["reserved"].as_i64().unwrap(),
        );
        assert_eq!(found, expected, "{student}: {payments:?}");
    }

    async fn check_discounts(&self, student: Uuid, payments: &[Payment]) {
        let database = self.database("booking").await;
        for payment in payments {
            let state: Option<(String,)> =
                sql("SELECT state FROM coupon_redemptions WHERE payment_id = ?")
                    .bind(payment.id)
                    .fetch_optional(&database)
                    .await
                    .unwrap();
            let state = state.map_or_else(|| "none".to_owned(), |(state,)| state);
            let expected = match payment.discount.as_str() {
                "conflict" => "released",
                settled => settled,
            };
            assert_eq!(state, expected, "{student} {payment:?}");
        }
    }

    /// The purchase and the allocation have the payments that succeeded and no others.
    async fn check_sessions(&self, student: Uuid, payments: &[Payment]) {
        let paid: BTreeSet<_> = payments
            .iter()
            .filter(|one| one.has_succeeded())
            .map(|one| one.id)
            .collect();
        let course = self.database("course").await;
        let rows: Vec<(Uuid,)> = sql("SELECT m.payment_id FROM purchase_payments m JOIN purchases p ON p.id = m.purchase_id WHERE p.student_id = ? AND p.active_course_id IS NOT NULL AND m.is_refunded = FALSE")
            .bind(student)
            .fetch_all(&course)
            .await
            .unwrap();
        let opened: BTreeSet<_> = rows.into_iter().map(|(id,)| id).collect();
        assert_eq!(opened, paid, "purchases of {student}: {payments:?}");
        let booking = self.database("booking").await;
        let rows: Vec<(Uuid,)> = sql("SELECT m.payment_id FROM allocation_payments m JOIN allocations a ON a.id = m.allocation_id WHERE a.student_id = ? AND m.is_refunded = FALSE")
            .bind(student)
            .fetch_all(&booking)
            .await
            .unwrap();
        let allocated: BTreeSet<_> = rows.into_iter().map(|(id,)| id).collect();
        assert_eq!(allocated, paid, "allocations of {student}: {payments:?}");
        let allocations: Vec<(Uuid, String, u64)> =
            sql("SELECT id, status, session_count FROM allocations WHERE student_id = ?")
                .bind(student)
                .fetch_all(&booking)
                .await
                .unwrap();
        for (id, status, session_count) in allocations {
            let (live,): (u64,) = sql("SELECT COUNT(*) FROM tutoring_sessions WHERE allocation_id = ? AND status <> 'cancelled'")
                .bind(id)
                .fetch_one(&booking)
                .await
                .unwrap();
            match status.as_str() {
                "approved" | "active" => assert_eq!(live, session_count, "sessions of {student}"),
                "pending" => assert_eq!(live, 0, "sessions of {student}"),
                _ => {}
            }
        }
        let (held,): (u64,) = sql("SELECT COUNT(*) FROM tutoring_sessions s JOIN allocations a ON a.id = s.allocation_id WHERE a.student_id = ? AND s.status = 'completed'")
            .bind(student)
            .fetch_one(&booking)
            .await
            .unwrap();
        let (delivered,): (u64,) = sql("SELECT COUNT(*) FROM delivered_sessions d JOIN purchases p ON p.id = d.purchase_id WHERE p.student_id = ?")
            .bind(student)
            .fetch_one(&course)
            .await
            .unwrap();
        // A session of a refunded purchase counts if its message arrived before the refund.
        let is_refunded = payments.iter().any(|one| one.status == "refunded");
        let is_counted = delivered == held || (is_refunded && delivered < held);
        assert!(is_counted, "{student}: {delivered} of {held} held sessions");
    }

    /// The page of the student shows the end of the purchase.
    async fn check_page(&self, student: Uuid, payments: &[Payment]) {
        if !payments.iter().any(Payment::has_succeeded) {
            return;
        }
        let path = format!("/students/{student}/courses/{}/state", self.course());
        let state = self.get(&path, &student_token(student));
        assert_eq!(state["purchaseStatus"], "READY", "{student}: {state}");
        let is_assigned = self.allocations(student).iter().any(|one| {
            matches!(
                one["status"].as_str(),
                Some("approved" | "active" | "completed")
            )
        });
        let shown = state["trainerStatus"] == "ASSIGNED";
        assert_eq!(shown, is_assigned, "{student}: {state}");
    }
}

async fn count(database: &Database, text: &'static str, values: &[&'static str]) -> u64 {
    let statement = match values.is_empty() {
        true => sql(text),
        false => sql(text).bind_list(values.iter().copied()),
    };
    let (count,): (u64,) = statement.fetch_one(database).await.unwrap();
    count
}
