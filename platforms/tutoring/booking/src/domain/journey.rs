use jiff::Timestamp;
use seaworthy::prelude::*;
use tutoring_identity::Checks;

use super::{Place, errors};

/// Maximum plausible speed of a trainer, in km/h.
const MAX_SPEED_KMH: f64 = 120.0;
/// Maximum distance from the student's place at arrival, in metres.
pub(crate) const ARRIVAL_RADIUS_M: f64 = 150.0;
/// The tolerance for inaccurate locations, in seconds of driving at the maximum speed. Without
/// it, an error of some metres in frequent locations would exceed the speed.
const MAX_RESERVE_SECONDS: f64 = 1.0;
const METRES_PER_SECOND: f64 = MAX_SPEED_KMH / 3.6;
const MAX_RESERVE_M: f64 = METRES_PER_SECOND * MAX_RESERVE_SECONDS;
/// The maximum integer that browsers and Redis scripts represent exactly (2^53 - 1).
const MAX_SEQUENCE: u64 = 9_007_199_254_740_991;
/// Maximum value of `accuracy`, in metres.
const MAX_ACCURACY: f64 = 100_000.0;
/// Maximum value of `speed`, in metres per second, far above `MAX_SPEED_KMH`.
const MAX_SPEED: f64 = 1_000.0;
const MAX_HEADING: f64 = 360.0;

/// The trip of a trainer to a session, as in responses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Journey {
    pub(crate) journey_id: Uuid,
    pub(crate) session_id: Uuid,
    pub(crate) trainer_id: Uuid,
    pub(crate) student_id: Uuid,
    /// The sequence of the last location, 0 without one.
    pub(crate) sequence: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<Location>,
    pub(crate) started_at: Timestamp,
    /// The distance in metres that the next location may add without elapsed time. Only the live
    /// store contains it.
    #[serde(default = "max_reserve", skip_serializing)]
    pub(crate) reserve_m: f64,
}

const fn max_reserve() -> f64 {
    MAX_RESERVE_M
}

/// A journey in the live store, with the field that responses do not contain.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LiveJourney<'a> {
    #[serde(flatten)]
    journey: &'a Journey,
    reserve_m: f64,
}

/// The last known place of a trainer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Location {
    #[serde(flatten)]
    pub(crate) place: Place,
    /// The accuracy of the place, in metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    accuracy: Option<f64>,
    /// The speed, in metres per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    speed: Option<f64>,
    /// Degrees clockwise from north.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    heading: Option<f64>,
    /// The time at which the service received the location.
    pub(crate) timestamp: Timestamp,
}

/// A location that a trainer sends.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct LocationUpdate {
    sequence: u64,
    latitude: f64,
    longitude: f64,
    accuracy: Option<f64>,
    speed: Option<f64>,
    heading: Option<f64>,
}

named! {
    /// The reason for the end of a journey.
    pub(crate) enum EndReason {
        Arrived = "arrived",
        Cancelled = "cancelled",
        /// The trainer sent no location in time.
        Timeout = "timeout",
        TrainerReplaced = "trainer_replaced",
    }
}

impl LocationUpdate {
    /// # Errors
    /// `VALIDATION_ERROR` with every field that is out of range.
    fn checked(&self) -> Result<Place, Error> {
        let mut checks = Checks::new();
        let is_sequence = self.sequence <= MAX_SEQUENCE;
        checks.require("sequence", is_sequence, "must be 0 to 9007199254740991");
        let place = Place::new(self.latitude, self.longitude);
        checks.require("latitude", place.is_some(), errors::COORDINATES);
        for (field, given, max, unit) in [
            ("accuracy", self.accuracy, MAX_ACCURACY, "metres"),
            ("speed", self.speed, MAX_SPEED, "metres per second"),
            ("heading", self.heading, MAX_HEADING, "degrees"),
        ] {
            let is_valid = given.is_none_or(|value| (0.0..=max).contains(&value));
            checks.require(field, is_valid, format!("must be 0 to {max} {unit}"));
        }
        checks.finish()?;
        place.ok_or_else(errors::coordinates_invalid)
    }
}

impl Journey {
    /// Creates the journey of a trainer to the session of a student. It starts at the current time.
    pub(crate) fn new(id: Uuid, session: Uuid, (trainer, student): (Uuid, Uuid)) -> Self {
        Self {
            journey_id: id,
            session_id: session,
            trainer_id: trainer,
            student_id: student,
            sequence: 0,
            location: None,
            started_at: Timestamp::now(),
            reserve_m: MAX_RESERVE_M,
        }
    }

    /// Returns the journey for the live store.
    pub(crate) const fn live(&self) -> LiveJourney<'_> {
        LiveJourney {
            journey: self,
            reserve_m: self.reserve_m,
        }
    }

    /// Returns the sequence of the last location.
    pub(crate) fn last_sequence(&self) -> Option<u64> {
        self.location.as_ref().map(|_| self.sequence)
    }

    /// Returns the journey after a location.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` for fields out of range and for an impossible speed, or
    /// `STALE_SEQUENCE`.
    pub(crate) fn moved(&self, update: &LocationUpdate, now: Timestamp) -> Result<Self, Error> {
        let place = update.checked()?;
        if self
            .last_sequence()
            .is_some_and(|last| update.sequence <= last)
        {
            return Err(errors::stale_sequence(self.sequence));
        }
        let reserve_m = match &self.location {
            Some(last) => self.reserve_after(last, place, now).ok_or_else(|| {
                let problem = "is too far from the last location: the speed is above 120 km/h";
                errors::invalid("latitude", problem)
            })?,
            None => MAX_RESERVE_M,
        };
        Ok(Self {
            sequence: update.sequence,
            location: Some(Location {
                place,
                accuracy: update.accuracy,
                speed: update.speed,
                heading: update.heading,
                timestamp: now,
            }),
            reserve_m,
            ..self.clone()
        })
    }

    /// Returns the reserve after a location, or `None` if the distance is too large for its time.
    /// The reserve grows with time and shrinks with distance, so frequent locations do not allow a
    /// higher speed.
    fn reserve_after(&self, last: &Location, place: Place, now: Timestamp) -> Option<f64> {
        let seconds = (now - last.timestamp).total(jiff::Unit::Second);
        // A clock may have been set back.
        let driven_m = seconds.unwrap_or_default().max(0.0) * METRES_PER_SECOND;
        // After one second, the elapsed time alone limits the distance.
        let max_m = driven_m.max(MAX_RESERVE_M);
        let left_m = (self.reserve_m + driven_m).min(max_m) - last.place.distance_m(place);
        (left_m >= 0.0).then_some(left_m.min(MAX_RESERVE_M))
    }

    /// Requires that the last location is near a place.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`.
    pub(crate) fn require_near(&self, place: Place) -> Result<(), Error> {
        let is_near = |at: &Location| at.place.distance_m(place) <= ARRIVAL_RADIUS_M;
        match &self.location {
            Some(at) if is_near(at) => Ok(()),
            Some(_) => Err(errors::invalid(
                "location",
                "must be within 150 m of the student's place",
            )),
            None => Err(errors::invalid("location", "must be sent before this call")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn journey() -> Journey {
        Journey {
            journey_id: Uuid::from_u128(1),
            session_id: Uuid::from_u128(2),
            trainer_id: Uuid::from_u128(3),
            student_id: Uuid::from_u128(4),
            sequence: 0,
            location: None,
            started_at: Timestamp::UNIX_EPOCH,
            reserve_m: MAX_RESERVE_M,
        }
    }

    fn update(sequence: u64, metres: f64) -> LocationUpdate {
        let latitude = 12.3 + metres / 111_195.0;
        let given = json!({ "sequence": sequence, "latitude": latitude, "longitude": 76.6 });
        serde_json::from_value(given).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn stored_journey_is_read_unchanged_data_4() {
        let moved = journey().moved(&update(7, 0.0), at(1)).unwrap();
        for one in [journey(), moved] {
            let text = serde_json::to_string(&one.live()).unwrap();
            assert_eq!(serde_json::from_str::<Journey>(&text).unwrap(), one);
        }
    }

    #[test]
    fn invalid_location_names_every_field_api_3() {
        let given = json!({
            "sequence": MAX_SEQUENCE + 1, "latitude": 91, "longitude": 1, "accuracy": -1, "speed": 2000,
            "heading": 361,
        });
        let given: LocationUpdate = serde_json::from_value(given).unwrap();
        let error = journey().moved(&given, at(1)).unwrap_err();
        let fields: Vec<_> = error.fields().iter().map(|one| &*one.field).collect();
        let expected = ["sequence", "latitude", "accuracy", "speed", "heading"];
        assert_eq!(fields, expected);
    }

    #[test]
    fn first_sequence_may_be_zero_data_4() {
        let first = journey().moved(&update(0, 0.0), at(1)).unwrap();
        assert_eq!(first.last_sequence(), Some(0));
        let again = first.moved(&update(0, 0.0), at(2)).unwrap_err();
        assert_eq!(again.reason(), "STALE_SEQUENCE");
        assert!(first.moved(&update(1, 0.0), at(2)).is_ok());
    }

    #[test]
    fn speed_is_bounded_by_time_and_distance_api_3() {
        let first = journey().moved(&update(1, 0.0), at(10)).unwrap();
        // 30 s at 120 km/h are 1000 m.
        assert!(first.moved(&update(2, 990.0), at(40)).is_ok());
        assert!(first.moved(&update(2, 1_010.0), at(40)).is_err());
        // A clock that was set back leaves the reserve of one second.
        assert!(first.moved(&update(2, 30.0), at(5)).is_ok());
        assert!(first.moved(&update(2, 40.0), at(5)).is_err());
    }

    #[test]
    fn rapid_locations_are_no_faster_than_slow_ones_api_3() {
        let mut journey = journey().moved(&update(1, 0.0), at(0)).unwrap();
        let mut metres = 0.0;
        // 100 locations per second for 10 s, each of them 30 m further.
        for number in 2..1_002 {
            let now = Timestamp::from_millisecond(number * 10).unwrap();
            let number = u64::try_from(number).unwrap();
            if let Ok(moved) = journey.moved(&update(number, metres + 30.0), now) {
                (journey, metres) = (moved, metres + 30.0);
            }
        }
        // 10 s at 120 km/h are 333 m, and the reserve is 33 m.
        assert!((300.0..370.0).contains(&metres), "{metres}");
    }

    proptest! {
        #[test]
        fn accepted_sequences_increase_strictly_data_4(
            sequences in prop::collection::vec(1_u64..20, 0..40)
        ) {
            let (mut now, mut accepted) = (journey(), vec![0]);
            for (second, sequence) in (1_i64..).zip(sequences) {
                match now.moved(&update(sequence, 0.0), at(second)) {
                    Ok(moved) => {
                        accepted.push(sequence);
                        now = moved;
                    }
                    Err(error) => prop_assert_eq!(error.reason(), "STALE_SEQUENCE"),
                }
            }
            prop_assert!(accepted.is_sorted_by(|a, b| a < b), "{:?}", accepted);
        }
    }
}
