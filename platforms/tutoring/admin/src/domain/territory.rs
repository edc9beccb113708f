use seaworthy::prelude::*;
use tutoring_contract::Territory;
use tutoring_identity::Checks;

/// The maximum length of the name of a place, in characters.
const MAX_NAME_LENGTH: usize = 100;
/// The fields of the levels, the largest first.
const LEVELS: [&str; 4] = [
    "territory.state",
    "territory.district",
    "territory.zone",
    "territory.locality",
];

/// Trims the names and checks that exactly the first `count` levels are set.
///
/// # Errors
/// `VALIDATION_ERROR` with each wrong level.
pub(crate) fn with_levels(territory: &Territory, count: usize) -> Result<Territory, Error> {
    let trimmed = territory.levels().map(|name| {
        let name = name.map(str::trim).filter(|name| !name.is_empty());
        name.map(str::to_owned)
    });
    let mut checks = Checks::new();
    for (index, (level, name)) in LEVELS.into_iter().zip(&trimmed).enumerate() {
        match name {
            None if index < count => checks.reject(level, "is required by the role"),
            Some(_) if index >= count => {
                let problem = "must be left out: the territory of the role has fewer levels";
                checks.reject(level, problem);
            }
            Some(name) => checks.length(level, name, 0, MAX_NAME_LENGTH),
            None => {}
        }
    }
    checks.finish()?;
    Ok(Territory::from_levels(trimmed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn territory_has_exactly_the_levels_of_the_role_api_3() {
        let mysuru = |state: &str| Territory {
            state: Some(state.to_owned()),
            district: Some("Mysuru".to_owned()),
            ..Territory::default()
        };
        assert_eq!(
            with_levels(&mysuru(" Karnataka "), 2).unwrap(),
            mysuru("Karnataka")
        );
        let fields = |count| {
            let refused = with_levels(&mysuru("Karnataka"), count).unwrap_err();
            let fields = refused.fields().iter();
            fields.map(|field| field.field.clone()).collect::<Vec<_>>()
        };
        assert_eq!(fields(1), ["territory.district"]);
        assert_eq!(fields(4), ["territory.zone", "territory.locality"]);
    }
}
