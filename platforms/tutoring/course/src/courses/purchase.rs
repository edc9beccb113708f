use seaworthy::{data::prelude::*, prelude::*};
use serde_json::Value;
use tutoring_contract::{
    Role,
    events::{BusinessEvent, CourseAccessGranted, PurchaseCreated, message},
};
use tutoring_identity::invalid;

use super::Courses;
use crate::{
    errors,
    store::{Purchase, catalogue, purchases},
};

/// Maximum number of sessions of a purchase, also after upgrades.
const MAX_TIER: u8 = 30;
const TIERS: [u8; 3] = [10, 20, 30];

/// A purchase by another service, without a payment of this platform.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DirectPurchase {
    student_id: Uuid,
    course_id: Uuid,
    purchase_tier: u8,
    expiry_date: Option<DateTime<Utc>>,
    #[serde(default)]
    metadata: Value,
}

/// Sessions of a course that a student has paid.
#[derive(Debug, Clone)]
pub(super) struct Paid {
    pub(super) payment: Uuid,
    pub(super) student: Uuid,
    pub(super) course: Uuid,
    pub(super) session_count: u8,
    pub(super) expires_at: Option<DateTime<Utc>>,
    pub(super) metadata: Value,
}

impl Paid {
    /// Returns the metadata of the events: those of the payment, with its ID and its number of
    /// sessions. With the ID, the booking service counts each payment and each refund once.
    fn event_metadata(&self) -> Value {
        let mut members = match &self.metadata {
            Value::Object(members) => members.clone(),
            _ => serde_json::Map::new(),
        };
        members.insert("paymentId".to_owned(), self.payment.to_string().into());
        members.insert("sessionCount".to_owned(), self.session_count.into());
        Value::Object(members)
    }
}

impl Courses {
    /// Opens or upgrades a course for a confirmed payment, unless its refund arrived first.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub(super) async fn open_paid(&self, tx: &Transaction, paid: &Paid) -> Result<(), Error> {
        // A refund that another transaction records holds the lock of the course.
        catalogue::lock(tx, paid.course).await?;
        match purchases::has_early_refund(tx, paid.payment).await? {
            true => Ok(()),
            false => self.open(tx, paid).await.map(drop),
        }
    }

    /// Opens or upgrades a course, once per payment, and stores its events.
    ///
    /// # Errors
    /// `CONFLICT` beyond 30 sessions, `NOT_FOUND` for an unknown course.
    pub(super) async fn open(&self, tx: &Transaction, paid: &Paid) -> Result<Purchase, Error> {
        // Every transaction locks the course before a purchase. The lock of the course serializes
        // purchases of one student too.
        let course = catalogue::lock(tx, paid.course).await?;
        course.ok_or_else(errors::not_found)?;
        if let Some((id, _)) = purchases::of_payment(tx, paid.payment).await? {
            let known = purchases::lock(tx, id).await?;
            return known.ok_or_else(errors::purchase_not_found);
        }
        let active = purchases::lock_active(tx, paid.student, paid.course).await?;
        let tier = active.as_ref().map_or(0, |known| known.purchase_tier) + paid.session_count;
        if tier > MAX_TIER {
            return Err(errors::too_many_sessions());
        }
        let purchase = match active {
            Some(known) => {
                purchases::set_tier(tx, &known, tier).await?;
                Purchase {
                    purchase_tier: tier,
                    completed_at: None,
                    ..known
                }
            }
            None => {
                let purchase = Purchase {
                    id: Uuid::new_v4(),
                    student_id: paid.student,
                    course_id: paid.course,
                    is_active: true,
                    purchase_tier: tier,
                    metadata: paid.metadata.clone(),
                    expires_at: paid.expires_at,
                    completed_at: None,
                    created_at: Utc::now(),
                };
                purchases::insert(tx, &purchase).await?;
                purchase
            }
        };
        purchases::add_payment(tx, paid.payment, purchase.id, paid.session_count).await?;
        self.publish(tx, &purchase, paid).await?;
        Ok(purchase)
    }

    async fn publish(
        &self,
        tx: &Transaction,
        purchase: &Purchase,
        paid: &Paid,
    ) -> Result<(), Error> {
        let metadata = paid.event_metadata();
        let (purchase_id, student_id) = (purchase.id, purchase.student_id);
        let (course_id, purchase_tier) = (purchase.course_id, purchase.purchase_tier);
        let created = PurchaseCreated {
            purchase_id,
            student_id,
            course_id,
            purchase_tier,
            metadata: metadata.clone(),
        };
        let granted = CourseAccessGranted {
            purchase_id,
            student_id,
            course_id,
            purchase_tier,
            metadata,
        };
        let created = BusinessEvent::new(created).by(student_id, Role::Student);
        let granted = BusinessEvent::new(granted).by(student_id, Role::Student);
        self.outbox.store(tx, message(&created)).await?;
        self.outbox.store(tx, message(&granted)).await?;
        Ok(())
    }

    /// Removes the sessions of a refunded payment. A purchase without sessions is closed.
    pub(super) async fn close(
        &self,
        tx: &Transaction,
        (payment, course): (Uuid, Uuid),
    ) -> Result<(), Error> {
        catalogue::lock(tx, course).await?;
        let Some((id, sessions)) = purchases::of_payment(tx, payment).await? else {
            // The purchase may arrive later. It must not unlock the course then.
            return Ok(purchases::add_early_refund(tx, payment).await?);
        };
        let Some(purchase) = purchases::lock(tx, id).await? else {
            return Ok(());
        };
        if !purchases::set_refunded(tx, payment).await? {
            return Ok(());
        }
        let tier = purchase.purchase_tier.saturating_sub(sessions);
        purchases::set_tier(tx, &purchase, tier).await?;
        if tier == 0 {
            return Ok(());
        }
        // If no session follows, only the refund can complete the course.
        let purchase = Purchase {
            purchase_tier: tier,
            ..purchase
        };
        self.complete_after_refund(tx, &purchase).await
    }

    /// Opens a course for another service.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `NOT_FOUND` or `CONFLICT`.
    pub(crate) async fn open_directly(&self, direct: &DirectPurchase) -> Result<Purchase, Error> {
        require_tier(direct.purchase_tier)?;
        let paid = &Paid {
            payment: Uuid::new_v4(),
            student: direct.student_id,
            course: direct.course_id,
            session_count: direct.purchase_tier,
            expires_at: direct.expiry_date,
            metadata: direct.metadata.clone(),
        };
        self.database
            .transaction(|tx| async move {
                // The lock of the course serializes concurrent purchases.
                catalogue::lock(&tx, paid.course).await?;
                let active = purchases::lock_active(&tx, paid.student, paid.course).await?;
                match active {
                    Some(_) => Err(errors::purchase_exists()),
                    None => self.open(&tx, paid).await,
                }
            })
            .await
    }

    /// Upgrades a purchase to a tier for another service. A repeat changes nothing.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `NOT_FOUND`, or `CONFLICT` for a lower tier.
    pub(crate) async fn upgrade(&self, id: Uuid, tier: u8) -> Result<Purchase, Error> {
        require_tier(tier)?;
        self.database
            .transaction(|tx| async move {
                // Locks the course before the purchase, as `open_paid` does.
                let course = purchases::course_of(&tx, id).await?;
                let course = course.ok_or_else(errors::purchase_not_found)?;
                catalogue::lock(&tx, course).await?;
                let known = purchases::lock(&tx, id).await?;
                let known = known.filter(|known| known.is_active);
                let known = known.ok_or_else(errors::purchase_not_found)?;
                if known.purchase_tier == tier {
                    return Ok(known);
                }
                let more = tier.checked_sub(known.purchase_tier);
                let paid = Paid {
                    payment: Uuid::new_v4(),
                    student: known.student_id,
                    course: known.course_id,
                    session_count: more.ok_or_else(errors::tier_too_low)?,
                    expires_at: None,
                    metadata: known.metadata.clone(),
                };
                self.open(&tx, &paid).await
            })
            .await
    }
}

pub(super) fn require_tier(tier: u8) -> Result<(), Error> {
    match TIERS.contains(&tier) {
        true => Ok(()),
        false => Err(invalid("purchaseTier", "must be 10, 20 or 30")),
    }
}
