use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};
use tutoring_contract::Money;
use uuid::Uuid;

use super::{
    NewOrder, PaymentProvider, ProviderError, ProviderFuture, ProviderPage, ProviderPayment,
    ProviderRefund, ProviderStatus,
};

/// A provider in memory for development. A restart empties it.
#[derive(Debug, Default)]
pub(crate) struct FakeProvider(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    orders: BTreeMap<String, NewOrder>,
    payments: BTreeMap<String, ProviderPayment>,
    refunds: BTreeMap<String, ProviderRefund>,
}

/// A payment of a developer, and its webhook.
#[derive(Debug)]
pub(crate) struct FakePayment {
    pub(crate) id: String,
    pub(crate) event_id: String,
    pub(crate) webhook: Value,
}

impl FakeProvider {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pays an order, or lets the payment fail. Returns `None` for an unknown order.
    pub(crate) fn pay(&self, order: &str, has_failed: bool) -> Option<FakePayment> {
        let mut state = self.state();
        let amount = state.orders.get(order)?.amount;
        let (status, name, event) = match has_failed {
            true => (ProviderStatus::Failed, "failed", "payment.failed"),
            false => (ProviderStatus::Captured, "captured", "payment.captured"),
        };
        let id = new_id("pay");
        let payment = ProviderPayment {
            id: id.clone(),
            order_id: Some(order.to_owned()),
            amount,
            status,
            failure: None,
        };
        state.payments.insert(id.clone(), payment);
        let webhook = json!({
            "event": event,
            "payload": { "payment": { "entity": {
                "id": id,
                "order_id": order,
                "amount": amount.minor,
                "currency": amount.currency,
                "status": name,
            } } },
        });
        Some(FakePayment {
            id,
            event_id: new_id("evt"),
            webhook,
        })
    }
}

fn new_id(prefix: &str) -> String {
    format!("{prefix}_{}", Uuid::new_v4().simple())
}

fn ready<'a, T: Send + 'a>(result: Result<T, ProviderError>) -> ProviderFuture<'a, T> {
    Box::pin(std::future::ready(result))
}

impl PaymentProvider for FakeProvider {
    fn create_order(&self, order: NewOrder) -> ProviderFuture<'_, String> {
        let id = new_id("order");
        self.state().orders.insert(id.clone(), order);
        ready(Ok(id))
    }

    fn find_order<'a>(&'a self, receipt: &'a str) -> ProviderFuture<'a, Option<String>> {
        let state = self.state();
        let found = state.orders.iter();
        let mut found = found.filter(|(_, order)| order.receipt == receipt);
        ready(Ok(found.next().map(|(id, _)| id.clone())))
    }

    fn payments_of_order<'a>(&'a self, order: &'a str) -> ProviderFuture<'a, Vec<ProviderPayment>> {
        let state = self.state();
        let payments = state.payments.values();
        let payments = payments.filter(|payment| payment.order_id.as_deref() == Some(order));
        ready(Ok(payments.cloned().collect()))
    }

    fn payment<'a>(&'a self, id: &'a str) -> ProviderFuture<'a, Option<ProviderPayment>> {
        ready(Ok(self.state().payments.get(id).cloned()))
    }

    fn capture<'a>(&'a self, id: &'a str, _: Money) -> ProviderFuture<'a, ProviderPayment> {
        let found = self.state().payments.get(id).cloned();
        ready(found.ok_or(ProviderError::Fake("no payment has this ID")))
    }

    fn refund<'a>(&'a self, payment: &'a str, amount: Money) -> ProviderFuture<'a, ProviderRefund> {
        let mut state = self.state();
        let known = state.payments.get_mut(payment);
        let captured = known.filter(|known| known.status == ProviderStatus::Captured);
        let Some(captured) = captured else {
            return ready(Err(ProviderError::Fake(
                "only a captured payment can be refunded",
            )));
        };
        captured.status = ProviderStatus::Refunded;
        let refund = ProviderRefund {
            id: new_id("rfnd"),
            amount: amount.minor,
            status: "processed".to_owned(),
            payment_id: Some(payment.to_owned()),
        };
        state.refunds.insert(payment.to_owned(), refund.clone());
        ready(Ok(refund))
    }

    fn refunds<'a>(&'a self, payment: &'a str) -> ProviderFuture<'a, Vec<ProviderRefund>> {
        let found = self.state().refunds.get(payment).cloned();
        ready(Ok(found.into_iter().collect()))
    }

    fn payments_between(&self, page: ProviderPage) -> ProviderFuture<'_, Vec<ProviderPayment>> {
        let state = self.state();
        let payments = state.payments.values().skip(page.skip as usize);
        ready(Ok(payments.take(page.count as usize).cloned().collect()))
    }
}
