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
    /// The rating in tenths, from 0 to 50. A new trainer has 0.
    pub(crate) rating_tenths: u32,
    /// The experience, in years.
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

/// The requirements of a student, and the limits of the zone.
#[derive(Debug, Clone)]
pub(crate) struct Requirements {
    pub(crate) category: String,
    pub(crate) gender: Option<String>,
    pub(crate) place: Place,
    pub(crate) zone_radius_km: f64,
    /// The maximum distance between two consecutive sessions of a trainer, in km.
    pub(crate) max_sequential_km: f64,
    pub(crate) slot: Slot,
    pub(crate) planned: Vec<Planned>,
}

impl Requirements {
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
pub(crate) enum Rejection {
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

impl Rejection {
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
pub(crate) fn check_eligibility(
    requirements: &Requirements,
    trainer: &Trainer,
) -> Result<(), Rejection> {
    let place = trainer.place.ok_or(Rejection::NoPlace)?;
    let km = place.distance_km(requirements.place);
    if km > requirements.zone_radius_km {
        return Err(Rejection::TooFar { km });
    }
    if requirements.gender.is_some() && requirements.gender != trainer.gender {
        return Err(Rejection::Gender);
    }
    let has_slot = trainer.slots.is_empty() || trainer.slots.contains(&requirements.slot);
    if !has_slot
        || !requirements
            .planned
            .iter()
            .all(|one| is_working(trainer, one))
    {
        return Err(Rejection::NotWorking);
    }
    if trainer.students >= capacity(trainer.rating_tenths) {
        let students = trainer.students;
        return Err(Rejection::AtCapacity { students });
    }
    if trainer.in_slot >= MAX_IN_SLOT {
        return Err(Rejection::SlotFull);
    }
    match trainer.is_busy {
        true => Err(Rejection::SlotTaken),
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
/// [`Rejection::SequenceTooFar`].
pub(crate) fn check_distances(
    requirements: &Requirements,
    booked: &[Booked],
) -> Result<(), Rejection> {
    for one in &requirements.planned {
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
            let km = place.distance_km(requirements.place);
            if km > requirements.max_sequential_km {
                return Err(Rejection::SequenceTooFar { date: one.date, km });
            }
        }
    }
    Ok(())
}

/// Returns the trainers who meet all conditions, the best first, and the rejections of the others.
/// Trainers with the exact specialty and a good rating precede all others, then those with a good
/// rating.
pub(crate) fn rank(
    requirements: &Requirements,
    trainers: Vec<Trainer>,
) -> (Vec<Trainer>, Vec<(Uuid, Rejection)>) {
    let mut rejected = Vec::new();
    let mut fit: Vec<_> = trainers
        .into_iter()
        .filter(|trainer| match check_eligibility(requirements, trainer) {
            Ok(()) => true,
            Err(rejection) => {
                rejected.push((trainer.id, rejection));
                false
            }
        })
        .collect();
    fit.sort_by_cached_key(|trainer| {
        let specialty = specialty(&requirements.category, &trainer.specialties);
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
    (fit, rejected)
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
mod tests;
