use jiff::civil::{Date, Weekday};
use tutoring_contract::Slot;
use uuid::Uuid;

use super::{Place, Planned};

/// Maximum number of students with whom a trainer has sessions in the same slot.
const MAX_IN_SLOT: u32 = 5;
/// Number of students below which a trainer is preferred.
const FEW_STUDENTS: u32 = 4;
/// The rating from which a trainer is preferred, in tenths.
const GOOD_RATING: u32 = 40;
/// Maximum number of candidates in one attempt.
pub(crate) const MAX_CANDIDATES: usize = 10;
/// The service notifies an operator when a trainer has this number of students.
pub(crate) const MANY_STUDENTS: u32 = 6;
/// Related subjects: a trainer of one may teach the others.
const RELATED: [&str; 4] = ["appmaking", "coding", "ai", "robotics"];

/// A trainer with the data that the choice depends on.
#[derive(Debug, Clone)]
pub(crate) struct Trainer {
    pub(crate) id: Uuid,
    pub(crate) gender: Option<String>,
    pub(crate) place: Option<Place>,
    /// In tenths, 0 to 50. A new trainer has 0.
    pub(crate) rating_tenths: u32,
    /// In years.
    pub(crate) experience: u32,
    pub(crate) specialties: Vec<String>,
    /// Slots and days that the trainer works. Empty: all.
    pub(crate) slots: Vec<Slot>,
    pub(crate) days: Vec<String>,
    /// Students of open allocations, and those of them in the wanted slot.
    pub(crate) students: u32,
    pub(crate) in_slot: u32,
    /// Whether another session has one of the wanted slots.
    pub(crate) is_busy: bool,
}

/// The needs of a student.
#[derive(Debug, Clone)]
pub(crate) struct Need {
    pub(crate) category: String,
    pub(crate) gender: Option<String>,
    pub(crate) place: Place,
    pub(crate) zone_radius_km: f64,
    /// The maximum distance between two consecutive sessions of a trainer, in km.
    pub(crate) max_sequential_km: f64,
    pub(crate) slot: Slot,
    pub(crate) planned: Vec<Planned>,
}

impl Need {
    /// Removes the conditions on the distances to the trainer's base and to other students. The
    /// answer then depends only on the zone and on free slots.
    pub(crate) const fn without_distances(mut self) -> Self {
        self.zone_radius_km = f64::INFINITY;
        self.max_sequential_km = f64::INFINITY;
        self
    }
}

/// A booked slot of a trainer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Booked {
    pub(crate) date: Date,
    pub(crate) slot: Slot,
    /// Absent for an online session.
    pub(crate) place: Option<Place>,
}

/// Why a trainer was not chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Refusal {
    NotAllocatable,
    NoPlace,
    TooFar {
        km: f64,
    },
    Gender,
    NotWorking,
    AtCapacity {
        students: u32,
    },
    SlotFull,
    SlotTaken,
    SequenceTooFar {
        date: Date,
        km: f64,
    },
    /// Better candidates were tried.
    NotTried,
}

impl Refusal {
    /// Returns the name that operators see.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NotAllocatable => "NOT_ALLOCATABLE",
            Self::NoPlace => "NO_PLACE",
            Self::TooFar { .. } => "TOO_FAR",
            Self::Gender => "GENDER_PREFERENCE",
            Self::NotWorking => "NOT_WORKING",
            Self::AtCapacity { .. } => "AT_CAPACITY",
            Self::SlotFull => "SLOT_FULL",
            Self::SlotTaken => "SLOT_TAKEN",
            Self::SequenceTooFar { .. } => "SEQUENCE_TOO_FAR",
            Self::NotTried => "NOT_TRIED",
        }
    }

    /// Returns the numbers of the reason.
    pub(crate) fn detail(self) -> String {
        match self {
            Self::TooFar { km } => format!("{km:.1} km"),
            Self::AtCapacity { students } => format!("{students} students"),
            Self::SequenceTooFar { date, km } => format!("{km:.1} km on {date}"),
            _ => String::new(),
        }
    }
}

/// Returns the number of students that a trainer may have.
pub(crate) const fn capacity(rating_tenths: u32) -> u32 {
    match rating_tenths {
        46.. => 8,
        41..=45 => 7,
        36..=40 => 6,
        31..=35 => 5,
        _ => 4,
    }
}

/// Checks the conditions that no attempt drops.
///
/// # Errors
/// The first condition that is not met.
pub(crate) fn judge(need: &Need, trainer: &Trainer) -> Result<(), Refusal> {
    let place = trainer.place.ok_or(Refusal::NoPlace)?;
    let km = place.distance_km(need.place);
    if km > need.zone_radius_km {
        return Err(Refusal::TooFar { km });
    }
    if need.gender.is_some() && need.gender != trainer.gender {
        return Err(Refusal::Gender);
    }
    let has_slot = trainer.slots.is_empty() || trainer.slots.contains(&need.slot);
    if !has_slot || !need.planned.iter().all(|one| is_working(trainer, one)) {
        return Err(Refusal::NotWorking);
    }
    if trainer.students >= capacity(trainer.rating_tenths) {
        let students = trainer.students;
        return Err(Refusal::AtCapacity { students });
    }
    if trainer.in_slot >= MAX_IN_SLOT {
        return Err(Refusal::SlotFull);
    }
    match trainer.is_busy {
        true => Err(Refusal::SlotTaken),
        false => Ok(()),
    }
}

/// Whether the trainer works in a slot. Trainers cannot choose Sundays.
pub(crate) fn is_working(trainer: &Trainer, planned: &Planned) -> bool {
    let day = match planned.date.weekday() {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "",
    };
    let on_day =
        day.is_empty() || trainer.days.is_empty() || trainer.days.iter().any(|own| own == day);
    on_day && (trainer.slots.is_empty() || trainer.slots.contains(&planned.slot))
}

/// Checks the distances from the previous session of the day, and to the next one.
///
/// # Errors
/// [`Refusal::SequenceTooFar`].
pub(crate) fn judge_ways(need: &Need, booked: &[Booked]) -> Result<(), Refusal> {
    for one in &need.planned {
        let of_day = || booked.iter().filter(|other| other.date == one.date);
        let before = of_day()
            .filter(|other| other.slot < one.slot)
            .max_by_key(|other| other.slot);
        let after = of_day()
            .filter(|other| other.slot > one.slot)
            .min_by_key(|other| other.slot);
        for place in [before, after]
            .into_iter()
            .flatten()
            .filter_map(|near| near.place)
        {
            let km = place.distance_km(need.place);
            if km > need.max_sequential_km {
                return Err(Refusal::SequenceTooFar { date: one.date, km });
            }
        }
    }
    Ok(())
}

/// Returns the trainers who meet all conditions, the best first, and the rejections of the others.
/// Trainers with the exact specialty and a good rating precede all others, then those with a good
/// rating.
pub(crate) fn rank(need: &Need, trainers: Vec<Trainer>) -> (Vec<Trainer>, Vec<(Uuid, Refusal)>) {
    let mut refused = Vec::new();
    let mut fit: Vec<_> = trainers
        .into_iter()
        .filter(|trainer| match judge(need, trainer) {
            Ok(()) => true,
            Err(refusal) => {
                refused.push((trainer.id, refusal));
                false
            }
        })
        .collect();
    fit.sort_by_cached_key(|trainer| {
        let specialty = specialty(&need.category, &trainer.specialties);
        let is_good = trainer.rating_tenths >= GOOD_RATING;
        (
            (!is_good, is_good && specialty != Specialty::Exact),
            trainer.students >= FEW_STUDENTS,
            u32::MAX - trainer.rating_tenths,
            specialty,
            trainer.in_slot,
            u32::MAX - trainer.experience,
            trainer.id,
        )
    });
    (fit, refused)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Specialty {
    Exact,
    Related,
    Other,
}

fn specialty(category: &str, specialties: &[String]) -> Specialty {
    let category = normalized(category);
    let own: Vec<_> = specialties.iter().map(|name| normalized(name)).collect();
    let is_related = |name: &String| RELATED.contains(&name.as_str());
    if own.contains(&category) {
        Specialty::Exact
    } else if is_related(&category) && own.iter().any(is_related) {
        Specialty::Related
    } else {
        Specialty::Other
    }
}

/// Returns a category in lower case, without spaces and punctuation.
fn normalized(text: &str) -> String {
    let letters = text.chars().filter(|sign| sign.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn need() -> Need {
        let slot = "16:00".parse().unwrap();
        Need {
            category: "App Making".to_owned(),
            gender: None,
            place: Place::new(12.0, 76.0).unwrap(),
            zone_radius_km: 10.0,
            max_sequential_km: 5.0,
            slot,
            planned: vec![Planned {
                number: 1,
                date: date(2026, 12, 1),
                slot,
            }],
        }
    }

    fn trainer(id: u128) -> Trainer {
        Trainer {
            id: Uuid::from_u128(id),
            gender: Some("female".to_owned()),
            place: Place::new(12.01, 76.0),
            rating_tenths: 45,
            experience: 3,
            specialties: vec!["app-making".to_owned()],
            slots: Vec::new(),
            days: Vec::new(),
            students: 0,
            in_slot: 0,
            is_busy: false,
        }
    }

    #[test]
    fn each_condition_refuses_with_its_reason_api_1() {
        type Change = fn(&mut Trainer);
        let cases: [(&str, Change); 8] = [
            ("NO_PLACE", |trainer| trainer.place = None),
            ("TOO_FAR", |trainer| trainer.place = Place::new(12.2, 76.0)),
            ("GENDER_PREFERENCE", |trainer| {
                trainer.gender = Some("male".to_owned())
            }),
            ("NOT_WORKING", |trainer| {
                trainer.days = vec!["Mon".to_owned()]
            }),
            ("NOT_WORKING", |trainer| {
                trainer.slots = vec!["15:00".parse().unwrap()]
            }),
            ("AT_CAPACITY", |trainer| trainer.students = 7),
            ("SLOT_FULL", |trainer| trainer.in_slot = 5),
            ("SLOT_TAKEN", |trainer| trainer.is_busy = true),
        ];
        let need = Need {
            gender: Some("female".to_owned()),
            ..need()
        };
        assert_eq!(judge(&need, &trainer(1)), Ok(()));
        for (expected, change) in cases {
            let mut trainer = trainer(1);
            change(&mut trainer);
            assert_eq!(judge(&need, &trainer).unwrap_err().name(), expected);
        }
    }

    #[test]
    fn ways_between_sessions_are_short_api_1() {
        let booked = |slot: &str, latitude: f64| Booked {
            date: date(2026, 12, 1),
            slot: slot.parse().unwrap(),
            place: Place::new(latitude, 76.0),
        };
        let far = 12.1;
        assert_eq!(judge_ways(&need(), &[booked("15:00", 12.01)]), Ok(()));
        assert!(judge_ways(&need(), &[booked("15:00", far)]).is_err());
        assert!(judge_ways(&need(), &[booked("18:00", far)]).is_err());
        // Only the nearest session before and after counts.
        let between = [booked("08:00", far), booked("15:00", 12.01)];
        assert_eq!(judge_ways(&need(), &between), Ok(()));
        let online = Booked {
            place: None,
            ..booked("15:00", far)
        };
        assert_eq!(judge_ways(&need(), &[online]), Ok(()));
    }

    #[test]
    fn order_follows_the_rules_one_by_one_api_1() {
        let of = |id: u128, change: fn(&mut Trainer)| {
            let mut trainer = trainer(id);
            change(&mut trainer);
            trainer
        };
        let trainers = vec![
            of(9, |trainer| trainer.rating_tenths = 39),
            of(8, |trainer| {
                trainer.specialties = vec!["Video Making".to_owned()]
            }),
            of(7, |trainer| trainer.specialties = vec!["Coding".to_owned()]),
            of(6, |trainer| trainer.students = 4),
            of(5, |trainer| trainer.in_slot = 1),
            of(4, |trainer| trainer.experience = 2),
            of(3, |_| {}),
            of(2, |_| {}),
            of(1, |trainer| trainer.rating_tenths = 44),
        ];
        let (fit, refused) = rank(&need(), trainers);
        let order: Vec<_> = fit.iter().map(|trainer| trainer.id.as_u128()).collect();
        assert_eq!(order, [2, 3, 4, 5, 1, 6, 7, 8, 9]);
        assert!(refused.is_empty());
    }

    #[test]
    fn capacity_grows_with_the_rating_api_1() {
        let ratings = [50, 46, 45, 41, 40, 36, 35, 31, 30, 0];
        assert_eq!(ratings.map(capacity), [8, 8, 7, 7, 6, 6, 5, 5, 4, 4]);
    }

    proptest! {
        #[test]
        fn ranking_keeps_hard_conditions_and_loses_no_trainer_data_4(
            given in prop::collection::vec((0..9_u32, 0..7_u32, any::<bool>(), 0..50_u32, -0.2..0.2_f64), 0..40)
        ) {
            let trainers: Vec<_> = (1..).zip(&given).map(|(id, (students, in_slot, is_busy, rating, far))| Trainer {
                students: *students,
                in_slot: *in_slot,
                is_busy: *is_busy,
                rating_tenths: *rating,
                place: Place::new(12.0 + far, 76.0),
                ..trainer(id)
            }).collect();
            let need = need();
            let (fit, refused) = rank(&need, trainers.clone());
            prop_assert_eq!(fit.len() + refused.len(), trainers.len());
            for trainer in &fit {
                prop_assert!(!trainer.is_busy && trainer.in_slot < MAX_IN_SLOT);
                prop_assert!(trainer.students < capacity(trainer.rating_tenths));
                prop_assert!(trainer.place.unwrap().distance_km(need.place) <= need.zone_radius_km);
            }
            // The order does not depend on that of the input.
            let ids = |list: &[Trainer]| list.iter().map(|one| one.id).collect::<Vec<_>>();
            let reversed = rank(&need, trainers.into_iter().rev().collect()).0;
            prop_assert_eq!(ids(&fit), ids(&reversed));
        }
    }
}
