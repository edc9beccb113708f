use seaworthy::prelude::*;
use tutoring_contract::Territory;
use tutoring_identity::Checks;

/// The maximum length of the name of a place, in characters.
const MAX_NAME_LENGTH: usize = 100;

/// Trims the names and checks that exactly the first `count` levels are set.
///
/// # Errors
/// `VALIDATION_FAILED` with each wrong level.
pub(crate) fn with_levels(territory: Territory, count: usize) -> Result<Territory, Error> {
    let trimmed = Territory {
        state: trim(territory.state),
        district: trim(territory.district),
        zone: trim(territory.zone),
        locality: trim(territory.locality),
    };
    let levels = [
        ("territory.state", &trimmed.state),
        ("territory.district", &trimmed.district),
        ("territory.zone", &trimmed.zone),
        ("territory.locality", &trimmed.locality),
    ];
    let mut checks = Checks::new();
    for (index, (level, name)) in levels.into_iter().enumerate() {
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
    Ok(trimmed)
}

fn trim(name: Option<String>) -> Option<String> {
    let name = name?.trim().to_owned();
    (!name.is_empty()).then_some(name)
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
            with_levels(mysuru(" Karnataka "), 2).unwrap(),
            mysuru("Karnataka")
        );
        let fields = |count| {
            let refused = with_levels(mysuru("Karnataka"), count).unwrap_err();
            let fields = refused.fields().iter();
            fields.map(|field| field.field.clone()).collect::<Vec<_>>()
        };
        assert_eq!(fields(1), ["territory.district"]);
        assert_eq!(fields(4), ["territory.zone", "territory.locality"]);
    }
}
