use std::collections::BTreeSet;

use seaworthy::{
    data::chrono::{DateTime, TimeDelta, Utc},
    prelude::*,
};

use super::{Payments, create::time_delta};
use crate::{
    domain::{Decision, DiscountState, Payment, Status},
    provider::{ProviderPage, ProviderPayment, ProviderStatus},
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
    /// stores a report of all differences. A payment that cannot be compared does not end the run.
    ///
    /// # Errors
    /// An error of the database.
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
                if let Err(error) = self.compare(&mut run, payment).await {
                    let of = (Some(payment.id), payment.provider_payment_id.clone());
                    self.add_unreadable(&mut run, of, &error).await?;
                }
            }
            match batch.last() {
                Some(last) if batch.len() == BATCH as usize => after = (last.created_at, last.id),
                _ => break,
            }
        }
        if let Err(error) = self.read_captures(&mut run, since, until).await {
            self.add_unreadable(&mut run, (None, None), &error).await?;
        }
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

    /// Reads the captures at the provider, also those of orders that are older than the lookback.
    async fn read_captures(
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
                if has_money && seen.insert(payment.id.clone()) {
                    self.compare_capture(run, payment).await?;
                }
            }
            if is_last {
                break;
            }
        }
        Ok(())
    }

    /// Applies a capture to the payment of its order, or reports that there is none.
    async fn compare_capture(&self, run: &mut Run, found: ProviderPayment) -> Result<(), Error> {
        let order = found.order_id.as_deref().unwrap_or_default();
        let Some(id) = payments::id_of_order(&self.database, order).await? else {
            let difference = Difference {
                kind: "unknown".to_owned(),
                payment_id: None,
                provider_payment_id: Some(found.id),
                detail: "no payment of this service has this order".to_owned(),
                is_resolved: false,
            };
            return self.add_difference(run, &difference).await;
        };
        match self.apply(id, &found).await {
            Ok((payment, Decision::Succeed | Decision::Revive | Decision::Fail(_))) => {
                let detail = format!("became {}", payment.status.as_str());
                self.add(run, "status", &payment, &detail, true).await
            }
            Ok(_) => Ok(()),
            Err(error) => {
                self.add_unreadable(run, (Some(id), Some(found.id)), &error)
                    .await
            }
        }
    }

    /// Reports captures that wait for an operator.
    async fn report_captures(&self, run: &mut Run) -> Result<(), Error> {
        let mut after = (DateTime::UNIX_EPOCH, String::new());
        loop {
            let open =
                captures::open_after(&self.database, (after.0, after.1.as_str()), BATCH).await?;
            let is_last = open.len() < BATCH as usize;
            for capture in open {
                after = (capture.created_at, capture.provider_payment_id.clone());
                let difference = Difference {
                    kind: "unexpected_capture".to_owned(),
                    payment_id: Some(capture.payment_id),
                    provider_payment_id: Some(capture.provider_payment_id),
                    detail: format!("a capture of the kind {} is not refunded", capture.kind),
                    is_resolved: false,
                };
                self.add_difference(run, &difference).await?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Reports a failed comparison, which the next run repeats.
    async fn add_unreadable(
        &self,
        run: &mut Run,
        (payment_id, provider_payment_id): (Option<Uuid>, Option<String>),
        error: &Error,
    ) -> Result<(), Error> {
        tracing::warn!(payment = ?payment_id, %error, "payments were not compared with the provider");
        let difference = Difference {
            kind: "unreadable".to_owned(),
            payment_id,
            provider_payment_id,
            detail: error.message().to_owned(),
            is_resolved: false,
        };
        self.add_difference(run, &difference).await
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
