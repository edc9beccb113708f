use jiff::civil::Date;
use seaworthy::prelude::*;
use serde_json::Value;
use tutoring_contract::{ClassType, DeliveryMode, SESSION_COUNTS, Slot, max_date};
use tutoring_identity::{Checks, invalid};

use super::{Place, errors};

/// The purchase of a student, from the metadata of the payment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Package {
    pub(crate) class_type: ClassType,
    pub(crate) delivery_mode: DeliveryMode,
    pub(crate) time_slot: Slot,
    /// The start date that the student requested.
    pub(crate) start_date: Option<Date>,
    pub(crate) place: Option<Place>,
    pub(crate) preferred_trainer_gender: Option<String>,
    /// The other students of a group.
    #[serde(default)]
    pub(crate) students: Vec<Uuid>,
    pub(crate) payment_id: Option<Uuid>,
}

impl Package {
    /// Reads the metadata of a payment. The paid slot is required.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, which names the field.
    pub(crate) fn from_metadata(metadata: &Value) -> Result<Self, Error> {
        let schedule = metadata.get("schedule");
        let of = |value: Option<&Value>, name: &str| {
            let found = value.and_then(|value| value.get(name)).cloned();
            found.filter(|value| !value.is_null())
        };
        let member = |name: &str| of(schedule, name).or_else(|| of(Some(metadata), name));
        let slot = member("timeSlot").ok_or_else(|| invalid("schedule.timeSlot", "is missing"))?;
        let start = of(schedule, "startDate")
            .or_else(|| of(schedule, "date"))
            .or_else(|| of(Some(metadata), "startDate"))
            .or_else(|| of(Some(metadata), "date"));
        let place = metadata.get("location").filter(|place| !place.is_null());
        Ok(Self {
            class_type: parsed("classType", member("classType"))?.unwrap_or(ClassType::OneOnOne),
            delivery_mode: parsed("deliveryMode", member("deliveryMode"))?
                .unwrap_or(DeliveryMode::WeekdayDaily),
            time_slot: parsed("schedule.timeSlot", Some(slot))?
                .ok_or_else(|| invalid("schedule.timeSlot", "is missing"))?,
            start_date: parsed("schedule.startDate", start)?,
            place: parsed("location", place.cloned())?,
            preferred_trainer_gender: parsed(
                "preferredTrainerGender",
                member("preferredTrainerGender"),
            )?,
            students: parsed("students", member("students"))?.unwrap_or_default(),
            payment_id: parsed("paymentId", member("paymentId"))?,
        })
    }

    /// Checks that the sessions can be planned.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, which names every wrong field.
    pub(crate) fn check_schedule(&self, today: Date) -> Result<(), Error> {
        let mut checks = Checks::new();
        let has_slots = self.delivery_mode.allows(self.time_slot);
        checks.require("schedule.timeSlot", has_slots, errors::SUNDAY_SLOT);
        let is_near = self.start_date.is_none_or(|date| date <= max_date(today));
        checks.require("schedule.startDate", is_near, errors::MAX_DATE);
        checks.finish()
    }

    /// Whether a number of sessions can be held this way.
    pub(crate) fn allows(&self, session_count: u16) -> bool {
        let is_hybrid_total = self.class_type != ClassType::Hybrid || session_count == 30;
        SESSION_COUNTS.contains(&session_count) && is_hybrid_total
    }
}

fn parsed<T: for<'de> Deserialize<'de>>(
    field: &str,
    value: Option<Value>,
) -> Result<Option<T>, Error> {
    let Some(value) = value else {
        return Ok(None);
    };
    let parsed = serde_json::from_value(value);
    parsed
        .map(Some)
        .map_err(|error| invalid(field, error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn start_date_follows_the_order_of_fields_api_1() {
        let start = |metadata: Value| {
            let mut metadata = metadata;
            metadata["timeSlot"] = json!("16:00");
            Package::from_metadata(&metadata).unwrap().start_date
        };
        let date = |text: &str| Some(text.parse().unwrap());
        let all = json!({
            "schedule": { "startDate": "2026-12-01", "date": "2026-12-02" },
            "startDate": "2026-12-03", "date": "2026-12-04",
        });
        assert_eq!(start(all), date("2026-12-01"));
        let second = json!({ "schedule": { "date": "2026-12-02" }, "date": "2026-12-04" });
        assert_eq!(start(second), date("2026-12-02"));
        let third = json!({ "schedule": { "date": "2026-12-02" }, "startDate": "2026-12-03" });
        assert_eq!(start(third), date("2026-12-02"));
        assert_eq!(start(json!({ "date": "2026-12-04" })), date("2026-12-04"));
        assert_eq!(start(json!({})), None);
    }

    #[test]
    fn missing_or_wrong_slot_is_an_error_api_3() {
        for metadata in [json!({}), json!(null), json!({ "timeSlot": "4 PM" })] {
            let rejected = Package::from_metadata(&metadata).unwrap_err();
            assert_eq!(rejected.fields()[0].field, "schedule.timeSlot");
        }
        let wrong = json!({ "timeSlot": "16:00", "location": { "latitude": 91, "longitude": 0 } });
        assert!(Package::from_metadata(&wrong).is_err());
    }
}
