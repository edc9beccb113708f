use seaworthy::{auth::token::VerifiedToken, prelude::*};

use crate::tokens::TERRITORY_CLAIM;

/// A territory with the levels state, district, zone and locality. A level without a value is
/// not limited.
///
/// ```
/// use tutoring_contract::Territory;
///
/// let kerala = Territory { state: Some("Kerala".to_owned()), ..Territory::default() };
/// let kochi = Territory { district: Some("Ernakulam".to_owned()), ..kerala.clone() };
/// assert!(kerala.contains(&kochi));
/// assert!(!kochi.contains(&kerala));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Territory {
    /// The state.
    pub state: Option<String>,
    /// The district.
    pub district: Option<String>,
    /// The ID of the zone.
    pub zone: Option<String>,
    /// The locality.
    pub locality: Option<String>,
}

impl Territory {
    /// Returns the territory in an access token of an administrator. Other tokens have an empty
    /// one.
    ///
    /// # Errors
    /// `TOKEN_INVALID` if the claim is malformed.
    pub fn from_token(token: &VerifiedToken) -> Result<Self, Error> {
        let Some(claim) = token.claims().get(TERRITORY_CLAIM) else {
            return Ok(Self::default());
        };
        serde_json::from_value(claim.clone()).map_err(|error| {
            let message = "the territory in the token is not valid";
            Error::new(Code::Unauthenticated, "TOKEN_INVALID", message).with_cause(error)
        })
    }

    /// Creates a territory from its levels, the largest first.
    #[must_use]
    pub fn from_levels([state, district, zone, locality]: [Option<String>; 4]) -> Self {
        Self {
            state,
            district,
            zone,
            locality,
        }
    }

    /// Returns the levels, the largest first.
    #[must_use]
    pub fn levels(&self) -> [Option<&str>; 4] {
        [&self.state, &self.district, &self.zone, &self.locality].map(|level| level.as_deref())
    }

    /// Whether an administrator of this territory may act in `place`. A level that is set must be
    /// equal in `place`, ignoring case. A place without that level is outside.
    #[must_use]
    pub fn contains(&self, place: &Self) -> bool {
        self.levels()
            .into_iter()
            .zip(place.levels())
            .all(|(own, other)| match (own, other) {
                (None, _) => true,
                (Some(own), Some(other)) => {
                    own.trim().to_lowercase() == other.trim().to_lowercase()
                }
                (Some(_), None) => false,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(levels: [&str; 4]) -> Territory {
        let level = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Territory::from_levels(levels.map(level))
    }

    #[test]
    fn territory_contains_only_its_places_auth_5() {
        let everywhere = Territory::default();
        let district = place(["Kerala", "Ernakulam", "", ""]);
        for (own, other, expected) in [
            (&everywhere, &district, true),
            (
                &district,
                &place(["kerala", " ERNAKULAM ", "z1", "l1"]),
                true,
            ),
            (&district, &place(["Kerala", "Idukki", "", ""]), false),
            (&district, &place(["", "Ernakulam", "", ""]), false),
            (&district, &everywhere, false),
        ] {
            assert_eq!(own.contains(other), expected, "{own:?} {other:?}");
        }
    }
}
