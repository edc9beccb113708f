use seaworthy::{
    data::chrono::{DateTime, TimeDelta, Utc},
    prelude::*,
};

use super::question::Checked;
use crate::errors;

/// The number of questions of an exam.
pub(crate) const QUESTIONS: usize = 30;
/// Maximum number of attempts of a student at an exam.
pub(crate) const MAX_ATTEMPTS: u8 = 3;
/// The minimum time between two attempts.
const ATTEMPT_INTERVAL: TimeDelta = TimeDelta::hours(24);
const POINTS_PER_RIGHT_ANSWER: u16 = 5;
/// The score of an exam with all answers correct.
pub(crate) const MAX_SCORE: u16 = 150;
/// The score that passes an exam: 50 %.
const PASS: u16 = 75;
/// The score of an excellent exam: 80 %.
const EXCELLENCE: u16 = 120;

/// The certificate of a passed exam.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CertificateType {
    Normal,
    Excellence,
}

/// The score of an attempt, 0 to 150.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Score(pub(crate) u16);

impl Score {
    /// Computes a score: 5 for a right answer, -1 for a wrong one, and never below 0.
    pub(crate) const fn of(checked: Checked) -> Self {
        Self((checked.right * POINTS_PER_RIGHT_ANSWER).saturating_sub(checked.wrong))
    }

    pub(crate) const fn percentage(self) -> u16 {
        self.0 * 100 / MAX_SCORE
    }

    pub(crate) const fn certificate_type(self) -> Option<CertificateType> {
        match self.0 {
            EXCELLENCE.. => Some(CertificateType::Excellence),
            PASS.. => Some(CertificateType::Normal),
            _ => None,
        }
    }
}

/// The time of the attempt after this one, or `None` if it is the last.
pub(crate) fn next_attempt_date(number: u8, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (number < MAX_ATTEMPTS).then(|| at + ATTEMPT_INTERVAL)
}

/// Returns the number of an attempt at `now`, after the last one with its number and time.
///
/// # Errors
/// `CONFLICT` after three attempts, and within 24 hours of the last one.
pub(crate) fn next_attempt(
    last: Option<(u8, DateTime<Utc>)>,
    now: DateTime<Utc>,
) -> Result<u8, Error> {
    let Some((number, at)) = last else {
        return Ok(1);
    };
    match next_attempt_date(number, at) {
        None => Err(errors::attempts_used()),
        Some(next) if next > now => Err(errors::attempt_too_early(next)),
        Some(_) => Ok(number + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(right: u16, wrong: u16) -> Score {
        Score::of(Checked { right, wrong })
    }

    #[test]
    fn scores_follow_the_contract_api_1() {
        assert_eq!(score(30, 0), Score(MAX_SCORE));
        assert_eq!(score(15, 15), Score(60));
        assert_eq!(score(2, 28), Score(0));
        for (points, percentage, expected) in [
            (74, 49, None),
            (75, 50, Some(CertificateType::Normal)),
            (119, 79, Some(CertificateType::Normal)),
            (120, 80, Some(CertificateType::Excellence)),
            (150, 100, Some(CertificateType::Excellence)),
        ] {
            let score = Score(points);
            assert_eq!(
                (score.percentage(), score.certificate_type()),
                (percentage, expected)
            );
        }
    }

    #[test]
    fn attempts_wait_a_day_and_end_after_three_api_1() {
        let now = Utc::now();
        let reason = |last| next_attempt(last, now).map_err(|error| error.reason().to_owned());
        let (early, late) = (now - TimeDelta::hours(23), now - TimeDelta::hours(24));
        assert_eq!(reason(None), Ok(1));
        assert_eq!(
            reason(Some((1, early))),
            Err("ATTEMPT_TOO_EARLY".to_owned())
        );
        assert_eq!(reason(Some((2, late))), Ok(3));
        assert_eq!(reason(Some((3, late))), Err("ATTEMPTS_USED".to_owned()));
    }
}
