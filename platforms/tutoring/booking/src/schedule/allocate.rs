use seaworthy::{data::prelude::*, prelude::*};
use serde_json::Value;
use tutoring_contract::events::CourseAccessGranted;

use super::{Actor, Schedule};
use crate::{
    domain::{Package, errors, first_date, plan},
    store::{
        Allocation, Entity, allocations, bookings, copies, payments, pre_bookings, sessions, slots,
    },
};

/// The value of `decided_by` for decisions without an administrator.
pub(super) const SYSTEM: &str = "system";

impl Schedule {
    /// Allocates the sessions of a purchase, or adds those of an upgrade. A repeat changes nothing.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` if the metadata of the payment have no slot.
    pub(super) async fn grant(
        &self,
        tx: &Transaction,
        granted: &CourseAccessGranted,
    ) -> Result<(), Error> {
        let package = Package::from_metadata(&granted.metadata)?;
        // Another publisher may send only the metadata of the contract. Its upgrade has the ID of a
        // purchase that is paid already.
        let is_upgrade = granted.metadata.get("isUpgrade") == Some(&Value::Bool(true));
        let missing = || errors::invalid("paymentId", "is missing");
        let payment = match package.payment_id {
            None if !is_upgrade => granted.purchase_id,
            given => given.ok_or_else(missing)?,
        };
        let count = granted.metadata.get("sessionCount").and_then(Value::as_u64);
        let count = count.and_then(|count| u16::try_from(count).ok());
        let count = count.unwrap_or_else(|| granted.purchase_tier.into());
        if !payments::add(tx, payment, count).await? {
            // A repeat, or the refund of the payment arrived first.
            return Ok(());
        }
        let (student, course) = (granted.student_id, granted.course_id);
        if let Some(pre_booking) = pre_bookings::lock_pending(tx, student, course).await?
            && pre_bookings::end(tx, pre_booking.id, "converted").await?
        {
            pre_bookings::release(tx, course, pre_booking.slot).await?;
        }
        let purchase = granted.purchase_id;
        let (mut allocation, is_new) = self
            .open(tx, (student, course), Some(purchase), package, count)
            .await?;
        if allocation.purchase_id.is_none() {
            // An administrator created the allocation without a purchase.
            allocations::set_purchase(tx, allocation.id, purchase).await?;
            allocation.purchase_id = Some(purchase);
        }
        payments::set_allocation(tx, payment, allocation.id).await?;
        bookings::confirm(tx, payment, &allocation).await?;
        // Refunds of other payments may have arrived before this purchase or may arrive later, so
        // the payments decide and not the tier.
        let paid = payments::paid_sessions(tx, purchase, allocation.id).await?;
        let held = sessions::held_before(tx, purchase).await?;
        let wanted = paid.saturating_sub(held);
        if !is_new {
            return self.extend(tx, allocation, wanted).await.map(drop);
        }
        allocation.session_count = wanted;
        if wanted == 0 {
            let reason = "all paid sessions were held";
            return self
                .end(tx, &mut allocation, "cancelled", SYSTEM, reason)
                .await;
        }
        self.assign(tx, allocation, None, SYSTEM).await.map(drop)
    }

    /// Returns the open allocation of a student and course, or a new pending one, locked.
    pub(super) async fn open(
        &self,
        tx: &Transaction,
        (student, course): (Uuid, Uuid),
        purchase: Option<Uuid>,
        package: Package,
        session_count: u16,
    ) -> Result<(Allocation, bool), Error> {
        if let Some(known) = allocations::lock_open(tx, student, course).await? {
            return Ok((known, false));
        }
        let place = match package.place {
            Some(place) => Some(place),
            None => copies::place_of_student(tx, student).await?,
        };
        let new = Allocation {
            id: Uuid::new_v4(),
            student_id: student,
            trainer_id: None,
            course_id: course,
            purchase_id: purchase,
            status: "pending".to_owned(),
            session_count,
            package,
            zone_id: None,
            locality: None,
            place,
            start_date: None,
            end_date: None,
            decided_by: None,
            reason: None,
            notes: None,
            created_at: Utc::now(),
        };
        if allocations::insert(tx, &new).await? {
            return Ok((new, true));
        }
        // A concurrent transaction has opened the allocation.
        let known = allocations::lock_open(tx, student, course).await?;
        let gone = || Error::internal("the open allocation ended concurrently");
        Ok((known.ok_or_else(gone)?, false))
    }

    /// Adds sessions of an upgrade after the last one, on the next dates that the trainer has free.
    async fn extend(
        &self,
        tx: &Transaction,
        mut allocation: Allocation,
        wanted: u16,
    ) -> Result<Allocation, Error> {
        if wanted <= allocation.session_count {
            return Ok(allocation);
        }
        let more = wanted - allocation.session_count;
        allocation.session_count = wanted;
        if allocation.status == "pending" {
            return self.assign(tx, allocation, None, SYSTEM).await;
        }
        self.append(tx, &mut allocation, more).await?;
        Ok(allocation)
    }

    /// Adds a session after the last one, for a session that was not held. If its allocation has
    /// ended, the open one that continues it gets the session.
    pub(super) async fn replace_session(
        &self,
        tx: &Transaction,
        allocation: &mut Allocation,
    ) -> Result<(), Error> {
        if allocation.is_open() {
            self.append(tx, allocation, 1).await?;
            return self.generate(tx, allocation.id).await.map(drop);
        }
        match self.open_after(tx, allocation.id).await? {
            Some(open) => {
                let wanted = open.session_count + 1;
                self.extend(tx, open, wanted).await.map(drop)
            }
            None => Ok(()),
        }
    }

    /// Reserves the next free dates of the trainer after the last session, and stores the
    /// allocation.
    async fn append(
        &self,
        tx: &Transaction,
        allocation: &mut Allocation,
        more: u16,
    ) -> Result<(), Error> {
        let trainer = allocation.trainer()?;
        let last = allocation.end_date.map(|date| date.tomorrow());
        let last = last.transpose().map_err(|_| errors::no_dates())?;
        let today = self.zone.today();
        let first = first_date(last, today, |date| date <= today)?;
        let package = &allocation.package;
        let mut slots = vec![package.time_slot];
        slots.extend(package.time_slot.next());
        let taken = slots::taken(tx, trainer, first, &slots).await?;
        let holidays = self.holidays(tx, first).await?;
        let number = self.next_number(tx, allocation).await?;
        let planned = plan(package, first, number..=number + more - 1, |date, _| {
            taken.contains(&date) || holidays.contains(&date)
        })?;
        slots::reserve(tx, trainer, allocation.id, &planned).await?;
        self.set_days(tx, allocation).await?;
        allocations::update(tx, allocation).await?;
        self.publish_allocated(tx, allocation).await
    }

    /// Sets the first and the last day of an allocation to those of its sessions. Returns whether
    /// they have changed. The pay of the trainer depends on them, so the caller publishes them.
    pub(super) async fn set_days(
        &self,
        tx: &Transaction,
        allocation: &mut Allocation,
    ) -> Result<bool, Error> {
        let before = (allocation.start_date, allocation.end_date);
        let reserved = slots::of_allocation(tx, allocation.id).await?;
        let dates = || reserved.iter().map(|one| one.planned.date);
        allocation.start_date = dates().min().or(allocation.start_date);
        allocation.end_date = dates().max().or(allocation.end_date);
        Ok(before != (allocation.start_date, allocation.end_date))
    }

    /// Returns the number of the next session.
    async fn next_number(&self, tx: &Transaction, allocation: &Allocation) -> Result<u16, Error> {
        let slots = slots::of_allocation(tx, allocation.id).await?;
        let sessions = sessions::of_allocation(tx, allocation.id).await?;
        let slots = slots.iter().map(|one| one.planned.number);
        let numbers = slots.chain(sessions.iter().map(|one| one.session_number));
        Ok(numbers.max().unwrap_or_default() + 1)
    }

    /// Removes the sessions of a refunded payment. An allocation without sessions is cancelled.
    pub(super) async fn refund(&self, tx: &Transaction, payment: Uuid) -> Result<(), Error> {
        let Some((id, count)) = payments::refund(tx, payment).await? else {
            return Ok(());
        };
        let open = self.open_after(tx, id).await?;
        let open = open.filter(|open| open.id == id || open.purchase_id.is_some());
        bookings::cancel(tx, payment).await?;
        let Some(mut allocation) = open else {
            return Ok(());
        };
        let left = allocation.session_count.saturating_sub(count);
        if left == 0 {
            let reason = "the payment was refunded";
            return self
                .end(tx, &mut allocation, "cancelled", SYSTEM, reason)
                .await;
        }
        self.drop_last(tx, &mut allocation, left).await
    }

    /// Returns an allocation if it is open, or else the open one of the same purchase, locked.
    /// Allocations of administrators have no purchase.
    async fn open_after(&self, tx: &Transaction, id: Uuid) -> Result<Option<Allocation>, Error> {
        let Some(known) = allocations::lock(tx, id).await? else {
            return Ok(None);
        };
        if known.is_open() {
            return Ok(Some(known));
        }
        let open = allocations::lock_open(tx, known.student_id, known.course_id).await?;
        Ok(open.filter(|open| open.purchase_id == known.purchase_id))
    }

    /// Returns an allocation in the territory of the caller, locked.
    ///
    /// # Errors
    /// `NOT_FOUND` or `FORBIDDEN`.
    pub(super) async fn locked_for(
        &self,
        tx: &Transaction,
        actor: &Actor,
        id: Uuid,
    ) -> Result<Allocation, Error> {
        let known = self.locked(tx, id).await?;
        self.require_entity(tx, actor, Entity::Allocation(id))
            .await?;
        Ok(known)
    }

    /// Returns an allocation, locked.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub(super) async fn locked(&self, tx: &Transaction, id: Uuid) -> Result<Allocation, Error> {
        let known = allocations::lock(tx, id).await?;
        known.ok_or_else(|| errors::not_found("allocation"))
    }
}
