use seaworthy::prelude::*;

const MAX_HALVES: u16 = 10;

/// A rating from 0.5 to 5 in steps of 0.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub(crate) struct Rating(u16);

impl Rating {
    /// Returns the rating with a number of halves, 1 to 10.
    pub(crate) fn from_halves(halves: u16) -> Option<Self> {
        (1..=MAX_HALVES).contains(&halves).then_some(Self(halves))
    }

    pub(crate) const fn halves(self) -> u16 {
        self.0
    }
}

impl TryFrom<f64> for Rating {
    type Error = &'static str;

    fn try_from(value: f64) -> Result<Self, &'static str> {
        let is_equal = |halves: &u16| (f64::from(Self(*halves)) - value).abs() < f64::EPSILON;
        let halves = (1..=MAX_HALVES).find(is_equal);
        halves
            .map(Self)
            .ok_or("rating must be 0.5 to 5 in steps of 0.5")
    }
}

impl From<Rating> for f64 {
    fn from(rating: Rating) -> Self {
        Self::from(rating.0) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_have_steps_of_a_half_api_3() {
        for halves in 1..=MAX_HALVES {
            let rating = Rating::from_halves(halves).unwrap();
            assert_eq!(Rating::try_from(f64::from(rating)), Ok(rating));
        }
        for value in [0.0, 0.4, 0.75, 5.1, 5.5, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Rating::try_from(value).is_err(), "{value}");
        }
        assert!(Rating::from_halves(0).is_none() && Rating::from_halves(11).is_none());
    }
}
