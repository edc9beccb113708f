use std::collections::BTreeMap;

use prost_reflect::MessageDescriptor;

use crate::contract::Contract;

/// Returns the schema names of messages by their full names. A name has no package, unless two
/// packages have the same one.
pub(super) fn of(contract: &Contract) -> BTreeMap<String, String> {
    let short = |message: &MessageDescriptor| {
        let local = message
            .full_name()
            .strip_prefix(message.package_name())
            .unwrap_or(message.full_name());
        local.replace('.', "")
    };
    contract
        .messages
        .iter()
        .map(|message| {
            let name = short(message);
            let taken = contract
                .messages
                .iter()
                .filter(|other| short(other) == name)
                .count()
                > 1;
            let name = if taken {
                message.full_name().to_owned()
            } else {
                name
            };
            (message.full_name().to_owned(), name)
        })
        .collect()
}
