//! The steps of the model, against the running services.

use std::sync::Mutex;

use seaworthy_testkit::http::HttpResponse;
use serde_json::{Value, json};
use tokio::{runtime::Handle, task::block_in_place};
use uuid::Uuid;

use crate::{
    app::{TestPlatform, data, json_of},
    bought::{Bought, bought},
    provider::Mode,
    tokens::operator_token,
};

/// Packages that a student may buy, each with an idempotency key.
pub(crate) const PACKAGES: usize = 2;

/// A package of the model.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) sessions: u8,
    pub(crate) slot: &'static str,
    pub(crate) discount: Discount,
    pub(crate) coins: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Discount {
    None,
    Coupon,
    Deal,
}

/// A student of the model.
#[derive(Debug, Clone)]
pub(crate) struct Student {
    pub(crate) id: Uuid,
    pub(crate) coins: i64,
    pub(crate) packages: [Package; PACKAGES],
}

/// A step of a client, the bank, the provider, an operator or time. The numbers choose a student, a
/// package, a payment or a webhook of those that exist.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// The client creates a payment, or repeats the creation with the same key.
    Buy(usize, usize),
    /// The bank captures, authorizes or refuses a payment.
    Pay(usize, &'static str),
    Confirm(usize),
    /// The provider sends the webhook of a payment as it is.
    Webhook(usize),
    /// The provider creates the webhook of a payment and delays it.
    Delay(usize),
    /// The provider sends a delayed webhook or repeats an old one, also as a new event.
    OldWebhook(usize),
    /// An attacker sends a webhook or a confirmation.
    Forge(usize),
    /// The responses of the provider are lost from here on.
    LoseResponses,
    /// The provider works from here on.
    Work,
    Expire(usize),
    SettleDiscounts,
    Reconcile,
    Refund(usize),
    /// An operator refunds a payment at the provider, which delays the webhook.
    RefundAtProvider(usize),
    CancelSession(usize),
    CancelLate(usize),
    /// An operator ends the allocation of a student.
    CancelAllocation(usize),
    RetryAllocations,
    /// The program is killed and starts again.
    Crash,
}

/// The purchases of a run.
#[derive(Debug, Default)]
pub(crate) struct Run {
    bought: Mutex<Vec<Bought>>,
    paid: Mutex<Vec<(Bought, String)>>,
    webhooks: Mutex<Vec<(String, String)>>,
}

fn chosen<T: Clone>(list: &Mutex<Vec<T>>, number: usize) -> Option<T> {
    let list = list.lock().unwrap();
    let index = number.checked_rem(list.len())?;
    list.get(index).cloned()
}

impl Run {
    /// Does a step. The program may be killed at the same time.
    pub(crate) fn step(&self, app: &TestPlatform, coupon: &str, students: &[Student], step: Step) {
        match step {
            Step::Buy(student, package) => {
                let student = &students[student % students.len()];
                self.buy(app, coupon, student, package % PACKAGES);
            }
            Step::Pay(number, status) => {
                if let Some(bought) = chosen(&self.bought, number) {
                    let paid = app.provider.pay(&bought.order, status);
                    self.paid.lock().unwrap().push((bought, paid));
                }
            }
            Step::Confirm(number) => {
                if let Some((bought, paid)) = chosen(&self.paid, number) {
                    app.confirm(&bought, &paid);
                }
            }
            Step::Webhook(number) => {
                if let Some((_, paid)) = chosen(&self.paid, number) {
                    let (id, body) = (new_event(), app.webhook_body(&paid));
                    accepted(app.webhook(&id, &body).as_ref());
                    self.webhooks.lock().unwrap().push((id, body));
                }
            }
            Step::Delay(number) => {
                if let Some((_, paid)) = chosen(&self.paid, number) {
                    let webhook = (new_event(), app.webhook_body(&paid));
                    self.webhooks.lock().unwrap().push(webhook);
                }
            }
            Step::OldWebhook(number) => {
                if let Some((id, body)) = chosen(&self.webhooks, number) {
                    accepted(app.webhook(&id, &body).as_ref());
                    accepted(app.webhook(&new_event(), &body).as_ref());
                }
            }
            Step::Forge(number) => self.forge(app, number),
            Step::LoseResponses => app.provider.set_mode(Mode::LosesResponses),
            Step::Work => app.provider.set_mode(Mode::Works),
            Step::Expire(number) => {
                if let Some(bought) = chosen(&self.bought, number) {
                    wait(app.expire(&bought.id));
                }
            }
            Step::SettleDiscounts => drop(app.run_worker("payment", "settle discounts")),
            Step::Reconcile => drop(app.run_worker("payment", "reconcile payments")),
            Step::Refund(number) => {
                if let Some(bought) = chosen(&self.bought, number) {
                    app.refund(&bought.id);
                }
            }
            Step::RefundAtProvider(number) => {
                if let Some((_, paid)) = chosen(&self.paid, number)
                    && let Some(refund) = app.provider.refund(&paid)
                {
                    let webhook = (new_event(), app.refund_body(&refund));
                    self.webhooks.lock().unwrap().push(webhook);
                }
            }
            Step::CancelSession(student) => {
                let student = students[student % students.len()].id;
                wait(app.cancel_session(student, 4, false));
            }
            Step::CancelLate(student) => {
                let student = students[student % students.len()].id;
                wait(app.cancel_session(student, 0, true));
            }
            Step::CancelAllocation(student) => {
                app.cancel_allocation(students[student % students.len()].id);
            }
            Step::RetryAllocations => {
                let path = "/admin/allocations/retry-auto-assign";
                app.try_call("POST", path, &operator_token(), &json!({}));
            }
            Step::Crash => app.restart(),
        }
    }

    fn buy(&self, app: &TestPlatform, coupon: &str, student: &Student, number: usize) {
        let package = &student.packages[number];
        let mut changes = json!({
            "sessionCount": package.sessions,
            "coinsToRedeem": package.coins,
            "schedule": {
                "timeSlot": package.slot,
                "startDate": "2026-12-01",
                "deliveryMode": "WEEKDAY_DAILY",
            },
        });
        match package.discount {
            Discount::None => {}
            Discount::Coupon => changes["couponCode"] = json!(coupon),
            Discount::Deal => changes["claimDeal"] = json!(true),
        }
        let answer = app.buy(student.id, &changes, &format!("package-{number}"));
        let Some(answer) = answer.filter(|answer| answer.status == 201) else {
            return;
        };
        let created = bought(student.id, &data(&answer));
        let mut known = self.bought.lock().unwrap();
        let same = known.iter().find(|known| known.id == created.id);
        match same {
            Some(same) => assert_eq!(same.order, created.order, "two orders of one payment"),
            None => known.push(created),
        }
    }

    fn forge(&self, app: &TestPlatform, number: usize) {
        let Some((bought, paid)) = chosen(&self.paid, number) else {
            return;
        };
        let body = app.webhook_body(&paid);
        let signature = "0".repeat(64);
        if let Some(answer) = app.webhook_with(&new_event(), &body, &signature) {
            refused(&answer, 401);
        }
        if let Some(answer) = app.confirm_with(&bought, &paid, &signature) {
            refused(&answer, 400);
        }
    }
}

/// A webhook is accepted, or the program was killed or is starting.
fn accepted(answer: Option<&HttpResponse>) {
    if let Some(answer) = answer {
        let status = answer.status;
        assert!(matches!(status, 200 | 502 | 503 | 504), "{}", answer.body);
    }
}

fn refused(answer: &HttpResponse, status: u16) {
    let is_expected = answer.status == status || matches!(answer.status, 502..=504);
    assert!(is_expected, "{}: {}", answer.status, json_of(answer));
}

fn new_event() -> String {
    format!("evt_{}", Uuid::new_v4().simple())
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    block_in_place(|| Handle::current().block_on(work))
}

/// Only for messages of a failed run.
pub(crate) fn shown(run: &Run) -> Value {
    let bought = run.bought.lock().unwrap();
    let bought = bought.iter().map(|one| json!([one.student, one.id]));
    json!(bought.collect::<Vec<_>>())
}
