use prost_reflect::EnumDescriptor;

use super::Scope;
use crate::names;

/// Generates the names and numbers of an enum.
pub(super) fn implementation(scope: &Scope<'_>, definition: &EnumDescriptor) -> String {
    let mut names = String::new();
    let mut numbers = String::new();
    let mut by_number = String::new();
    let mut seen = Vec::new();
    for value in definition.values() {
        let (name, number) = (value.name(), value.number());
        names.push_str(&format!("{name:?}, "));
        numbers.push_str(&format!("{name:?} => {number},"));
        // JSON output uses the first of several aliases.
        if !seen.contains(&number) {
            seen.push(number);
            by_number.push_str(&format!("{number} => {name:?},"));
        }
    }
    let runtime = scope.runtime();
    let path = names::enum_path(definition, scope.package);
    format!(
        "impl {runtime}::json::kind::JsonEnum for {path} {{
            const NAMES: &'static [&'static str] = &[{names}];
            fn number(name: &str) -> Option<i32> {{
                Some(match name {{ {numbers} _ => return None }})
            }}
            fn name(number: i32) -> Option<&'static str> {{
                Some(match number {{ {by_number} _ => return None }})
            }}
        }}\n"
    )
}
