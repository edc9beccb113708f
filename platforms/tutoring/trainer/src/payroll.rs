use std::{collections::BTreeSet, fmt, str::FromStr};

use jiff::{
    ToSpan as _,
    civil::{Date, Weekday},
};
use seaworthy::{data::prelude::*, prelude::*};

/// The pay of a whole month by active students, in paise. It starts at 3 students,
/// and does not rise above 8.
pub(crate) const SLABS: [(usize, i64); 6] = [
    (3, 900_000),
    (4, 1_200_000),
    (5, 1_500_000),
    (6, 1_800_000),
    (7, 2_100_000),
    (8, 2_400_000),
];
/// 25 rupees of each student and working day, in paise.
pub(crate) const PER_STUDENT_DAY: i64 = 2_500;

/// A month, such as `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub(crate) struct Month(Date);

/// The text is not a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidMonth;

impl Month {
    pub(crate) fn of(day: Date) -> Self {
        Self(day.first_of_month())
    }

    pub(crate) const fn first(self) -> Date {
        self.0
    }

    pub(crate) fn last(self) -> Date {
        self.0.last_of_month()
    }

    /// Returns the next month. The last month that a date can express has none.
    pub(crate) fn next(self) -> Option<Self> {
        self.0.checked_add(1.month()).ok().map(Self)
    }

    /// Returns the days from Monday to Saturday.
    fn working_days(self) -> impl Iterator<Item = Date> {
        let last = self.last();
        let days = self
            .first()
            .series(1.day())
            .take_while(move |day| *day <= last);
        days.filter(|day| day.weekday() != Weekday::Sunday)
    }
}

impl FromStr for Month {
    type Err = InvalidMonth;

    fn from_str(text: &str) -> Result<Self, InvalidMonth> {
        let first: Date = format!("{text}-01").parse().map_err(|_| InvalidMonth)?;
        let month = Self(first);
        (month.to_string() == text)
            .then_some(month)
            .ok_or(InvalidMonth)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

seaworthy::core::text_conversions!(Month);

/// The days on which a trainer has a student.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Period {
    pub(crate) student: Uuid,
    pub(crate) first: Date,
    pub(crate) last: Date,
}

/// A session day that a trainer gave to another one, or got from another one.
#[derive(Debug, Clone, Copy, FromRow)]
pub(crate) struct Substituted {
    pub(crate) student_id: Uuid,
    #[from_row(column = "session_date", with = from_text)]
    pub(crate) date: Date,
    pub(crate) substitute_trainer_id: Uuid,
}

/// The pay of a trainer for a month, in paise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payroll {
    pub(crate) working_days: u16,
    /// Students of each working day, summed up. Substitutes have those of their substitutions.
    pub(crate) student_days: u32,
    /// The slab of each working day, divided by the working days.
    pub(crate) base_minor: i64,
    pub(crate) daily_minor: i64,
    pub(crate) total_minor: i64,
}

impl Payroll {
    /// Computes the pay of a month. A substitution moves the amount of its student and day, but no
    /// part of the slab.
    pub(crate) fn of(
        month: Month,
        trainer: Uuid,
        periods: &[Period],
        substituted: &[Substituted],
    ) -> Self {
        let (mut working_days, mut student_days, mut slabs) = (0_u16, 0_u32, 0_i64);
        for day in month.working_days() {
            let own = active(periods, day);
            working_days += 1;
            slabs += slab(own.len());
            let mut served = own;
            for one in substituted.iter().filter(|one| one.date == day) {
                match one.substitute_trainer_id == trainer {
                    true => served.insert(one.student_id),
                    false => served.remove(&one.student_id),
                };
            }
            student_days += u32::try_from(served.len()).unwrap_or(u32::MAX);
        }
        let base_minor = divided_half_up(slabs, i64::from(working_days));
        let daily_minor = i64::from(student_days) * PER_STUDENT_DAY;
        Self {
            working_days,
            student_days,
            base_minor,
            daily_minor,
            total_minor: base_minor + daily_minor,
        }
    }
}

/// Returns the students of a day.
pub(crate) fn active(periods: &[Period], day: Date) -> BTreeSet<Uuid> {
    let has_day = |one: &&Period| (one.first..=one.last).contains(&day);
    periods
        .iter()
        .filter(has_day)
        .map(|one| one.student)
        .collect()
}

/// Returns the pay of a month with this number of students on each day.
fn slab(students: usize) -> i64 {
    let reached = SLABS.iter().rev().find(|(from, _)| students >= *from);
    reached.map_or(0, |(_, amount)| *amount)
}

/// Divides a non-negative amount, rounded half-up.
const fn divided_half_up(amount: i64, by: i64) -> i64 {
    if by == 0 {
        return 0;
    }
    (amount * 2 + by) / (by * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAINER: Uuid = Uuid::from_u128(0x7a);
    const OTHER: Uuid = Uuid::from_u128(0x7b);

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn periods(count: u128, first: &str, last: &str) -> Vec<Period> {
        let (first, last) = (day(first), day(last));
        let students = (1..=count).map(Uuid::from_u128);
        students
            .map(|student| Period {
                student,
                first,
                last,
            })
            .collect()
    }

    fn november(periods: &[Period], substituted: &[Substituted]) -> Payroll {
        Payroll::of("2026-11".parse().unwrap(), TRAINER, periods, substituted)
    }

    #[test]
    fn months_have_two_numbers_api_3() {
        let month: Month = "2026-11".parse().unwrap();
        assert_eq!(month.to_string(), "2026-11");
        assert_eq!(month.next().unwrap().to_string(), "2026-12");
        for text in ["2026-13", "2026-1", "26-11", "2026-11-01", "", "2026-00"] {
            assert_eq!(text.parse::<Month>(), Err(InvalidMonth), "{text}");
        }
    }

    #[test]
    fn slab_follows_the_number_of_students_api_1() {
        // November 2026 has 25 days from Monday to Saturday.
        for (students, base) in [
            (0, 0),
            (2, 0),
            (3, 900_000),
            (4, 1_200_000),
            (8, 2_400_000),
            (9, 2_400_000),
        ] {
            let pay = november(&periods(students, "2026-10-01", "2026-12-31"), &[]);
            let student_days = u32::try_from(students).unwrap() * 25;
            let daily_minor = i64::from(student_days) * 2_500;
            let expected = Payroll {
                working_days: 25,
                student_days,
                base_minor: base,
                daily_minor,
                total_minor: base + daily_minor,
            };
            assert_eq!(pay, expected, "{students}");
        }
    }

    #[test]
    fn slab_is_prorated_by_working_days_api_1() {
        // Monday to Saturday, and the Sunday after them.
        let pay = november(&periods(3, "2026-11-02", "2026-11-08"), &[]);
        assert_eq!((pay.base_minor, pay.student_days), (216_000, 18));
        // A student with two courses counts once.
        let twice = [
            periods(3, "2026-11-02", "2026-11-08"),
            periods(3, "2026-11-02", "2026-11-08"),
        ];
        assert_eq!(november(&twice.concat(), &[]), pay);
    }

    #[test]
    fn substitution_moves_a_student_day_and_no_slab_api_1() {
        let own = periods(3, "2026-11-02", "2026-11-07");
        let substituted = |student: u128, date: &str, holder| Substituted {
            student_id: Uuid::from_u128(student),
            date: day(date),
            substitute_trainer_id: holder,
        };
        let before = november(&own, &[]);
        let lost = november(&own, &[substituted(1, "2026-11-03", OTHER)]);
        assert_eq!(lost.base_minor, before.base_minor);
        assert_eq!(lost.daily_minor, before.daily_minor - PER_STUDENT_DAY);
        let got = november(&own, &[substituted(9, "2026-11-03", TRAINER)]);
        assert_eq!(got.base_minor, before.base_minor);
        assert_eq!(got.daily_minor, before.daily_minor + PER_STUDENT_DAY);
        // A substitute who has no own students.
        let alone = november(&[], &[substituted(9, "2026-11-03", TRAINER)]);
        assert_eq!(alone.total_minor, PER_STUDENT_DAY);
    }

    #[test]
    fn amounts_are_rounded_half_up_api_1() {
        assert_eq!(divided_half_up(5, 2), 3);
        assert_eq!(divided_half_up(7, 3), 2);
        assert_eq!(divided_half_up(8, 3), 3);
        assert_eq!(divided_half_up(1, 0), 0);
    }
}
