use std::fmt::Display;

use crate::{Error, FieldViolation};

/// The problem of a text that PostgreSQL cannot store.
pub const NOT_STORABLE: &str = "must not contain the character U+0000";

/// Whether all databases can store a text. PostgreSQL rejects the character U+0000.
///
/// ```
/// use seaworthy_core::is_storable;
///
/// assert!(is_storable("a\nb"));
/// assert!(!is_storable("a\0b"));
/// ```
#[must_use]
pub fn is_storable(text: &str) -> bool {
    !text.contains('\0')
}

/// Collects the invalid fields of a request, so that a response names all of them (API-3).
///
/// ```
/// use seaworthy_core::Checks;
///
/// let mut checks = Checks::new();
/// checks.length("title", "Robotics", 1, 100);
/// checks.range("seats", 0, 1, 30);
/// let error = checks.finish().unwrap_err();
/// assert_eq!(error.fields()[0].description, "must be from 1 to 30");
/// ```
#[derive(Debug, Default)]
pub struct Checks {
    violations: Vec<FieldViolation>,
    /// The first error that names no field.
    failure: Option<Error>,
}

impl Checks {
    /// Creates an empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an invalid field.
    pub fn reject(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        self.violations.push(FieldViolation::new(field, problem));
    }

    /// Adds an invalid field unless a condition holds.
    pub fn require(&mut self, field: impl Into<String>, holds: bool, problem: impl Into<String>) {
        if !holds {
            self.reject(field, problem);
        }
    }

    /// Returns a checked value, or adds the invalid fields of its error. [`finish`](Self::finish)
    /// returns an error that has no fields.
    pub fn accept<T: Default>(&mut self, checked: Result<T, Error>) -> T {
        checked.unwrap_or_else(|error| {
            self.violations.extend_from_slice(error.fields());
            if error.fields().is_empty() {
                self.failure.get_or_insert(error);
            }
            T::default()
        })
    }

    /// Requires a number of characters, without white space at both ends.
    pub fn length(&mut self, field: &str, text: &str, min: usize, max: usize) {
        let length = text.trim().chars().count();
        let problem = match min {
            0 => format!("must have at most {max} characters"),
            _ => format!("must have {min} to {max} characters"),
        };
        self.require(field, (min..=max).contains(&length), problem);
    }

    /// Requires a number from a minimum to a maximum.
    pub fn range<T>(&mut self, field: &str, given: T, min: T, max: T)
    where
        T: Copy + PartialOrd + Display,
    {
        let problem = format!("must be from {min} to {max}");
        self.require(field, (min..=max).contains(&given), problem);
    }

    /// Requires one of several values.
    pub fn one_of<T: Copy + PartialEq + Display>(&mut self, field: &str, given: T, known: &[T]) {
        let names: Vec<_> = known.iter().map(T::to_string).collect();
        let names = names.join(", ");
        let problem = match names.rsplit_once(", ") {
            Some((others, last)) => format!("must be {others} or {last}"),
            None => format!("must be {names}"),
        };
        self.require(field, known.contains(&given), problem);
    }

    /// Requires a text that every database stores.
    pub fn storable(&mut self, field: &str, text: &str) {
        self.require(field, is_storable(text), NOT_STORABLE);
    }

    /// Returns the invalid fields as an error.
    ///
    /// # Errors
    /// An error without fields that [`accept`](Self::accept) got, or that of [`Error::invalid`] if
    /// there are invalid fields.
    pub fn finish(self) -> Result<(), Error> {
        match self.failure {
            Some(error) => Err(error),
            None if self.violations.is_empty() => Ok(()),
            None => Err(Error::invalid(self.violations)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    #[test]
    fn error_without_fields_is_not_lost_api_3() {
        let mut checks = Checks::new();
        let failed = Err(Error::new(Code::Unavailable, "AWAY", "try again later"));
        assert_eq!(checks.accept::<u32>(failed), 0);
        assert_eq!(checks.finish().unwrap_err().reason(), "AWAY");
    }

    #[test]
    fn problems_name_ranges_and_choices_api_3() {
        let mut checks = Checks::new();
        checks.range("latitude", 91.0, -90.0, 90.0);
        checks.one_of("count", 15, &[10, 20, 30]);
        checks.range("age", 5, 5, 120);
        checks.one_of("kind", "a", &["a", "b"]);
        checks.one_of("kind", "b", &["a"]);
        checks.storable("note", "a\0");
        let error = checks.finish().unwrap_err();
        let problems: Vec<_> = error.fields().iter().map(|one| &*one.description).collect();
        let expected = [
            "must be from -90 to 90",
            "must be 10, 20 or 30",
            "must be a",
            NOT_STORABLE,
        ];
        assert_eq!(problems, expected);
    }
}
