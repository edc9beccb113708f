use jiff::civil::Date;
use seaworthy::prelude::*;
use serde_json::{Value, json};
use tutoring_contract::{ClassType, DeliveryMode, SESSION_COUNTS, Slot, max_date};
use tutoring_identity::Checks;

const MAX_ADDRESS: usize = 500;
/// The only number of sessions of a hybrid package.
const HYBRID_SESSIONS: u16 = 30;

/// A package that a student buys. It has no price, and unknown fields such as an amount are
/// ignored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionBooking {
    pub(crate) course_id: Uuid,
    pub(crate) session_count: u16,
    group_size: u8,
    learning_mode: LearningMode,
    pub(crate) coupon_code: Option<String>,
    #[serde(default)]
    pub(crate) claim_deal: bool,
    #[serde(default)]
    pub(crate) coins_to_redeem: i64,
    schedule: BookedSchedule,
    location: Location,
    #[serde(default)]
    students: Vec<Uuid>,
    preferred_trainer_gender: Option<Gender>,
}

/// The gender of a trainer that the student prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Gender {
    Male,
    Female,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LearningMode {
    Home,
    Hybrid,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BookedSchedule {
    time_slot: String,
    start_date: Date,
    delivery_mode: DeliveryMode,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Location {
    address: String,
    latitude: f64,
    longitude: f64,
}

impl SessionBooking {
    /// Checks all fields. The booking service must be able to allocate the package.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, which names every wrong field.
    pub(crate) fn check(&self, today: Date) -> Result<(), Error> {
        let is_hybrid = self.learning_mode == LearningMode::Hybrid;
        let place = &self.location;
        let address = place.address.trim();
        let mut checks = Checks::new();
        checks.one_of("sessionCount", self.session_count, &SESSION_COUNTS);
        let is_count = !is_hybrid || self.session_count == HYBRID_SESSIONS;
        checks.require("sessionCount", is_count, "must be 30 for hybrid lessons");
        checks.range("groupSize", self.group_size, 1, 3);
        let are_coins = self.coins_to_redeem >= 0;
        checks.require("coinsToRedeem", are_coins, "must not be negative");
        let schedule = &self.schedule;
        let slot = schedule.time_slot.parse::<Slot>();
        let problem = "must be a full hour from 06:00 to 19:00";
        checks.require("schedule.timeSlot", slot.is_ok(), problem);
        let has_slots = slot.map_or(true, |slot| schedule.delivery_mode.allows(slot));
        let problem = "must be 18:00 or earlier, because Sundays have two sessions";
        checks.require("schedule.timeSlot", has_slots, problem);
        let is_near = schedule.start_date <= max_date(today);
        let problem = "must be at most one year from today";
        checks.require("schedule.startDate", is_near, problem);
        let has_length = (1..=MAX_ADDRESS).contains(&address.len());
        checks.require("location.address", has_length, "must be 1 to 500 bytes");
        checks.range("location.latitude", place.latitude, -90.0, 90.0);
        checks.range("location.longitude", place.longitude, -180.0, 180.0);
        let is_group = self.students.len() <= usize::from(self.group_size);
        checks.require("students", is_group, "must not be more than groupSize");
        checks.finish()
    }

    /// Returns the class type, which decides the price.
    pub(crate) fn class_type(&self) -> ClassType {
        match (self.learning_mode, self.group_size) {
            (LearningMode::Hybrid, _) => ClassType::Hybrid,
            (LearningMode::Home, 2) => ClassType::OneOnTwo,
            (LearningMode::Home, 3) => ClassType::OneOnThree,
            (LearningMode::Home, _) => ClassType::OneOnOne,
        }
    }

    /// Returns the delivery mode, which decides the days of the sessions.
    pub(crate) const fn delivery_mode(&self) -> DeliveryMode {
        self.schedule.delivery_mode
    }

    /// Returns the coordinates of the student.
    pub(crate) fn place(&self) -> Value {
        json!({ "latitude": self.location.latitude, "longitude": self.location.longitude })
    }

    /// Returns the metadata of the event of the purchase.
    pub(crate) fn metadata(&self) -> Value {
        json!({
            "sessionCount": self.session_count,
            "groupSize": self.group_size,
            "learningMode": self.learning_mode,
            "classType": self.class_type(),
            "deliveryMode": self.schedule.delivery_mode,
            "schedule": {
                "timeSlot": self.schedule.time_slot,
                "startDate": self.schedule.start_date,
            },
            "location": self.location,
            "students": self.students,
            "preferredTrainerGender": self.preferred_trainer_gender,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 27);

    fn booking(changes: &Value) -> Result<SessionBooking, serde_json::Error> {
        let mut body = json!({
            "courseId": Uuid::from_u128(1),
            "sessionCount": 30,
            "groupSize": 1,
            "learningMode": "home",
            "schedule": {
                "timeSlot": "16:00",
                "startDate": "2026-12-01",
                "deliveryMode": "WEEKDAY_DAILY",
            },
            "location": { "address": "4th Cross", "latitude": 12.28, "longitude": 76.63 },
            "amountCents": 1,
        });
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        serde_json::from_value(body)
    }

    #[test]
    fn wrong_fields_are_named_at_once_api_3() {
        let wrong = booking(&json!({
            "sessionCount": 15,
            "groupSize": 4,
            "coinsToRedeem": -1,
            "location": { "address": " ", "latitude": 91.0, "longitude": 181.0 },
            "schedule": { "timeSlot": "20:00", "startDate": "2026-12-01", "deliveryMode": "SUNDAY_ONLY" },
        }));
        let refused = wrong.unwrap().check(TODAY).unwrap_err();
        assert_eq!(refused.fields().len(), 7, "{refused:?}");
        assert!(booking(&json!({})).unwrap().check(TODAY).is_ok());
        let hybrid = json!({ "learningMode": "hybrid", "sessionCount": 20 });
        assert!(booking(&hybrid).unwrap().check(TODAY).is_err());
    }

    #[test]
    fn class_type_follows_group_and_mode_api_1() {
        for (changes, expected) in [
            (json!({}), ClassType::OneOnOne),
            (json!({ "groupSize": 2 }), ClassType::OneOnTwo),
            (json!({ "groupSize": 3 }), ClassType::OneOnThree),
            (
                json!({ "groupSize": 3, "learningMode": "hybrid" }),
                ClassType::Hybrid,
            ),
        ] {
            assert_eq!(booking(&changes).unwrap().class_type(), expected);
        }
    }
}
