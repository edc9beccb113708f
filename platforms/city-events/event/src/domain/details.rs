use std::collections::BTreeSet;

use city_events_contract::Timestamp;

use super::EventError;

// Maximum lengths are in characters.
const MAX_TITLE_LENGTH: usize = 120;
const MAX_DESCRIPTION_LENGTH: usize = 4_000;
const MAX_CITY_LENGTH: usize = 80;
const MAX_CATEGORY_LENGTH: usize = 80;
const MAX_COVERS: usize = 2;
/// Maximum length of a cover image ID, in characters.
const MAX_COVER_LENGTH: usize = 255;

/// Description of an event by its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) city: String,
    pub(crate) category: String,
    pub(crate) start_time: Timestamp,
    pub(crate) end_time: Timestamp,
    /// Maximum number of participants. 0 means unlimited.
    pub(crate) capacity: i32,
    pub(crate) covers: Vec<String>,
}

/// A change of details. Absent fields keep their value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Patch {
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) category: Option<String>,
    pub(crate) start_time: Option<Timestamp>,
    pub(crate) end_time: Option<Timestamp>,
    pub(crate) capacity: Option<i32>,
    pub(crate) covers: Option<Vec<String>>,
}

impl Details {
    /// Trims the texts and checks the limits of the contract.
    ///
    /// # Errors
    /// [`EventError::Invalid`] for the first field beyond its limit.
    pub(crate) fn validated(self) -> Result<Self, EventError> {
        let validated = Self {
            title: validated_text("title", &self.title, MAX_TITLE_LENGTH)?,
            description: validated_text("description", &self.description, MAX_DESCRIPTION_LENGTH)?,
            city: validated_text("city", &self.city, MAX_CITY_LENGTH)?,
            category: validated_text("category", &self.category, MAX_CATEGORY_LENGTH)?,
            ..self
        };
        if validated.end_time <= validated.start_time {
            return Err(EventError::invalid(
                "end_time",
                "end_time must be after start_time",
            ));
        }
        if validated.capacity < 0 {
            return Err(EventError::invalid("capacity", "capacity must be >= 0"));
        }
        if validated.covers.len() > MAX_COVERS {
            let message = "at most 2 cover images";
            return Err(EventError::invalid("cover_image_ids", message));
        }
        let mut seen = BTreeSet::new();
        for cover in &validated.covers {
            if cover.chars().count() > MAX_COVER_LENGTH
                || cover.contains('\0')
                || !seen.insert(cover)
            {
                let message = "cover_image_ids must be different, with at most 255 characters each";
                return Err(EventError::invalid("cover_image_ids", message));
            }
        }
        Ok(validated)
    }

    /// Returns validated details with a patch applied.
    ///
    /// # Errors
    /// [`EventError::Invalid`] for the first field beyond its limit.
    pub(crate) fn with_patch(&self, patch: Patch) -> Result<Self, EventError> {
        let old = self.clone();
        Self {
            title: patch.title.unwrap_or(old.title),
            description: patch.description.unwrap_or(old.description),
            city: patch.city.unwrap_or(old.city),
            category: patch.category.unwrap_or(old.category),
            start_time: patch.start_time.unwrap_or(old.start_time),
            end_time: patch.end_time.unwrap_or(old.end_time),
            capacity: patch.capacity.unwrap_or(old.capacity),
            covers: patch.covers.unwrap_or(old.covers),
        }
        .validated()
    }

    /// Returns the city in the form that searches compare.
    pub(crate) fn city_norm(&self) -> String {
        self.city.trim().to_lowercase()
    }
}

/// Trims and validates a text. The length counts characters, not bytes.
fn validated_text(
    field: &'static str,
    text: &str,
    max_length: usize,
) -> Result<String, EventError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > max_length || text.contains('\0') {
        let message = format!("{field} must have 1 to {max_length} characters");
        return Err(EventError::Invalid {
            field,
            message: message.into(),
        });
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details() -> Details {
        Details {
            title: " Rust in the harbour ".to_owned(),
            description: "Bring a boat".to_owned(),
            city: "Hamburg".to_owned(),
            category: "tech".to_owned(),
            start_time: "2026-03-01T18:00:00Z".parse().unwrap(),
            end_time: "2026-03-01T20:00:00Z".parse().unwrap(),
            capacity: 0,
            covers: vec![],
        }
    }

    fn invalid_field(change: impl FnOnce(&mut Details)) -> Option<&'static str> {
        let mut changed = details();
        change(&mut changed);
        match changed.validated() {
            Ok(_) => None,
            Err(EventError::Invalid { field, .. }) => Some(field),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn length_limits_count_characters_after_trimming() {
        assert_eq!(details().validated().unwrap().title, "Rust in the harbour");
        assert_eq!(invalid_field(|d| d.title = "é".repeat(120)), None);
        assert_eq!(invalid_field(|d| d.title = "é".repeat(121)), Some("title"));
        assert_eq!(invalid_field(|d| d.title = "  ".to_owned()), Some("title"));
        assert_eq!(invalid_field(|d| d.description = "x".repeat(4_000)), None);
        assert_eq!(
            invalid_field(|d| d.description = "x".repeat(4_001)),
            Some("description")
        );
        assert_eq!(invalid_field(|d| d.city = "x".repeat(81)), Some("city"));
        assert_eq!(
            invalid_field(|d| d.category = String::new()),
            Some("category")
        );
    }

    #[test]
    fn end_before_start_and_negative_capacity_are_rejected() {
        assert_eq!(
            invalid_field(|d| d.end_time = d.start_time),
            Some("end_time")
        );
        assert_eq!(invalid_field(|d| d.capacity = -1), Some("capacity"));
        let covers = |number: usize| (0..number).map(|id| id.to_string()).collect();
        assert_eq!(invalid_field(|d| d.covers = covers(2)), None);
        assert_eq!(
            invalid_field(|d| d.covers = covers(3)),
            Some("cover_image_ids")
        );
    }

    #[test]
    fn patch_changes_given_fields_and_is_validated() {
        let patch = Patch {
            end_time: Some("2026-03-01T17:00:00Z".parse().unwrap()),
            ..Patch::default()
        };
        assert!(details().with_patch(patch.clone()).is_err());
        let earlier = Patch {
            start_time: Some("2026-03-01T16:00:00Z".parse().unwrap()),
            ..patch
        };
        let patched = details().with_patch(earlier).unwrap();
        assert_eq!(patched.city, "Hamburg");
        assert_eq!(patched.end_time.to_string(), "2026-03-01T17:00:00Z");
    }
}
