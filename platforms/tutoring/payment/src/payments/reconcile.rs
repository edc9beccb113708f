use std::collections::BTreeSet;

use seaworthy::{
    data::chrono::{DateTime, TimeDelta, Utc},
    prelude::*,
};
use tutoring_contract::CheckedPage;

use super::{Payments, create::time_delta};
use crate::{
    domain::{DiscountState, Payment, Status},
    provider::{ProviderPage, ProviderStatus},
    store::{Difference, captures, payments, reports},
};

/// Payments of one statement, and of one page at the provider.
const BATCH: u32 = 100;
/// Pages at the provider of one run: a million payments.
const MAX_PAGES: u32 = 10_000;
/// The retention of reports.
const RETENTION: TimeDelta = TimeDelta::days(180);
/// The minimum age of a compared payment. A younger one may not be confirmed yet.
const SETTLE_TIME: TimeDelta = TimeDelta::minutes(5);

/// A run of the reconciliation.
struct Run {
    report: Uuid,
    checked: i64,
    differences: i64,
    unresolved: u32,
}

impl Payments {
    /// Compares the payments of the last days with the provider, completes interrupted ones, and
    /// stores a report of all differences.
    ///
    /// # Errors
    /// `SERVICE_UNAVAILABLE`, or those of the database.
    pub(crate) async fn reconcile(&self) -> Result<(), Error> {
        let until = Utc::now();
        let since = until - time_delta(self.lookback);
        reports::purge(&self.database, until - RETENTION).await?;
        let mut run = Run {
            report: reports::start(&self.database).await?,
            checked: 0,
            differences: 0,
            unresolved: 0,
        };
        let mut after = (since, Uuid::nil());
        loop {
            let batch = payments::created_after(&self.database, after, BATCH).await?;
            for payment in &batch {
                self.compare(&mut run, payment).await?;
            }
            match batch.last() {
                Some(last) if batch.len() == BATCH as usize => after = (last.created_at, last.id),
                _ => break,
            }
        }
        self.find_unknown(&mut run, since, until).await?;
        self.report_captures(&mut run).await?;
        reports::finish(&self.database, run.report, run.checked, run.differences).await?;
        self.unresolved.set(run.unresolved.into());
        match run.unresolved {
            0 => tracing::info!(
                checked = run.checked,
                "payments match those of the provider"
            ),
            unresolved => tracing::warn!(
                checked = run.checked,
                unresolved,
                "payments differ from the provider: see /api/v1/payments/reconciliation"
            ),
        }
        Ok(())
    }

    /// Compares one payment and completes it.
    async fn compare(&self, run: &mut Run, payment: &Payment) -> Result<(), Error> {
        run.checked += 1;
        let had_order = payment.order_id.is_some();
        let payment = self.complete_order(payment.clone()).await?;
        if !had_order && payment.order_id.is_some() {
            let detail = "only the provider had the order";
            self.add(run, "order_missing", &payment, detail, true)
                .await?;
        }
        self.refresh(&payment).await?;
        let Some(after) = payments::by_id(&self.database, payment.id).await? else {
            return Ok(());
        };
        if after.status != payment.status {
            let (from, to) = (payment.status.as_str(), after.status.as_str());
            let detail = format!("{from} became {to}");
            self.add(run, "status", &after, &detail, true).await?;
        }
        if after.discount_state == DiscountState::Conflict {
            let detail = "the discount was already used when the payment arrived";
            self.add(run, "discount", &after, detail, false).await?;
        }
        self.compare_money(run, &after).await
    }

    /// Compares the money of a payment that succeeded.
    async fn compare_money(&self, run: &mut Run, payment: &Payment) -> Result<(), Error> {
        let is_paid = matches!(payment.status, Status::Succeeded | Status::Refunded);
        let (true, Some(id)) = (is_paid, &payment.provider_payment_id) else {
            return Ok(());
        };
        let Some(found) = self.provider.calls.payment(id).await? else {
            let detail = "the provider has no such payment";
            return self.add(run, "missing", payment, detail, false).await;
        };
        if found.amount != payment.amount {
            let detail = format!("{} at the provider", found.amount.minor);
            return self.add(run, "amount", payment, &detail, false).await;
        }
        match (payment.status, found.status) {
            (Status::Succeeded, ProviderStatus::Refunded) => {
                for refund in self.provider.calls.refunds(id).await? {
                    let refund = &refund;
                    self.database
                        .transaction(|tx| async move {
                            self.apply_refund(&tx, id, refund).await.map(drop)
                        })
                        .await?;
                }
                let after = payments::by_id(&self.database, payment.id).await?;
                let is_resolved = after.is_some_and(|after| after.status == Status::Refunded);
                let detail = "the provider refunded the payment";
                self.add(run, "refund", payment, detail, is_resolved).await
            }
            (Status::Refunded, ProviderStatus::Refunded)
            | (Status::Succeeded, ProviderStatus::Captured) => Ok(()),
            (_, status) => {
                let detail = format!("the payment is {status:?} at the provider");
                self.add(run, "status", payment, &detail, false).await
            }
        }
    }

    /// Finds captures at the provider that do not belong to a payment of this service.
    async fn find_unknown(
        &self,
        run: &mut Run,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<(), Error> {
        let mut seen = BTreeSet::new();
        for page in 0..MAX_PAGES {
            let found = self.provider.calls.payments_between(ProviderPage {
                from,
                until: until - SETTLE_TIME,
                skip: page * BATCH,
                count: BATCH,
            });
            let found = found.await?;
            let is_last = found.len() < BATCH as usize;
            for payment in found {
                let has_money = matches!(
                    payment.status,
                    ProviderStatus::Captured | ProviderStatus::Refunded
                );
                let order = payment.order_id.as_deref().unwrap_or_default();
                if !has_money || !seen.insert(payment.id.clone()) {
                    continue;
                }
                if payments::id_of_order(&self.database, order)
                    .await?
                    .is_some()
                {
                    continue;
                }
                let difference = Difference {
                    kind: "unknown".to_owned(),
                    payment_id: None,
                    provider_payment_id: Some(payment.id),
                    detail: "no payment of this service has this order".to_owned(),
                    is_resolved: false,
                };
                self.add_difference(run, &difference).await?;
            }
            if is_last {
                break;
            }
        }
        Ok(())
    }

    /// Reports captures that wait for an operator.
    async fn report_captures(&self, run: &mut Run) -> Result<(), Error> {
        let open = captures::open(&self.database, CheckedPage::first(BATCH)).await?;
        for capture in open.items {
            let difference = Difference {
                kind: "unexpected_capture".to_owned(),
                payment_id: Some(capture.payment_id),
                provider_payment_id: Some(capture.provider_payment_id),
                detail: format!("a capture of the kind {} is not refunded", capture.kind),
                is_resolved: false,
            };
            self.add_difference(run, &difference).await?;
        }
        Ok(())
    }

    async fn add(
        &self,
        run: &mut Run,
        kind: &str,
        payment: &Payment,
        detail: &str,
        is_resolved: bool,
    ) -> Result<(), Error> {
        let difference = Difference {
            kind: kind.to_owned(),
            payment_id: Some(payment.id),
            provider_payment_id: payment.provider_payment_id.clone(),
            detail: detail.to_owned(),
            is_resolved,
        };
        self.add_difference(run, &difference).await
    }

    async fn add_difference(&self, run: &mut Run, difference: &Difference) -> Result<(), Error> {
        run.differences += 1;
        run.unresolved += u32::from(!difference.is_resolved);
        Ok(reports::add(&self.database, run.report, difference).await?)
    }
}
