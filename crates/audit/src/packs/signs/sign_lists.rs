use super::{
    Sign, authorization, calls, configuration, data, deployment, errors, languages, lifecycle,
    logging, messaging, technologies, untrusted_input,
};

const LISTS: &[&[&[Sign]]] = &[
    authorization::LISTS,
    data::LISTS,
    messaging::LISTS,
    calls::LISTS,
    errors::LISTS,
    lifecycle::LISTS,
    logging::LISTS,
    configuration::LISTS,
    untrusted_input::LISTS,
    deployment::LISTS,
    technologies::LISTS,
    languages::LISTS,
];

/// Returns the signs of all lists.
pub(super) fn signs() -> impl Iterator<Item = &'static Sign> {
    LISTS
        .iter()
        .flat_map(|lists| lists.iter())
        .flat_map(|list| list.iter())
}
