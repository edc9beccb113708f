/// Replaces the Rust type at the end of a serde error message with its JSON type.
///
/// Serde ends a problem with `expected` and the type, such as `expected u32` or
/// `expected struct NewOrder`.
pub(super) fn with_json_type(problem: &str) -> String {
    match problem.rsplit_once(", expected ") {
        Some((found, expected)) => match json_type(expected) {
            Some(name) => format!("{found}, expected {name}"),
            None => problem.to_owned(),
        },
        None => problem.to_owned(),
    }
}

/// Returns the JSON type of a Rust type, or `None` if the message does not end with a Rust type.
fn json_type(expected: &str) -> Option<&'static str> {
    match expected {
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => Some("a whole number"),
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => {
            Some("a whole number that is not negative")
        }
        "f32" | "f64" => Some("a number"),
        "unit" => Some("null"),
        "a sequence" => Some("an array"),
        "a map" => Some("a JSON object"),
        _ if expected.starts_with("struct ") => Some("a JSON object"),
        _ if expected.starts_with("tuple ") => Some("an array"),
        _ if expected.contains("enum ") => Some("a known value"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_name_types_of_json_api_3() {
        for (problem, expected) in [
            (
                "invalid type: string \"x\", expected u32",
                "invalid type: string \"x\", expected a whole number that is not negative",
            ),
            (
                "invalid type: null, expected struct NewOrder",
                "invalid type: null, expected a JSON object",
            ),
            (
                "invalid type: string \"a, expected f64\", expected f64",
                "invalid type: string \"a, expected f64\", expected a number",
            ),
            (
                "invalid type: integer `1`, expected a string",
                "invalid type: integer `1`, expected a string",
            ),
            (
                "unknown variant `x`, expected `red` or `blue`",
                "unknown variant `x`, expected `red` or `blue`",
            ),
            ("must not be empty", "must not be empty"),
        ] {
            assert_eq!(with_json_type(problem), expected);
        }
    }
}
