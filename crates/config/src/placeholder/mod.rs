//! `${NAME}` and `${NAME:default}` in the scalars of a file. `$${` is the text `${`.

use crate::Environment;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Expansion {
    pub(crate) text: String,
    pub(crate) placeholders: usize,
    /// The number of placeholders with the value of a variable instead of their default.
    pub(crate) variables: usize,
    /// Whether the text is a single placeholder.
    pub(crate) whole: bool,
}

/// Replaces the placeholders. `None` if the text has none. Placeholders in the value of a variable
/// are not replaced. The error does not contain a value.
pub(crate) fn expand(text: &str, environment: &Environment) -> Result<Option<Expansion>, String> {
    if !text.contains("${") {
        return Ok(None);
    }
    let mut expansion = Expansion {
        text: String::with_capacity(text.len()),
        placeholders: 0,
        variables: 0,
        whole: false,
    };
    let mut literal = false;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            expansion.text.push_str(before);
            expansion.text.push_str("${");
            literal = true;
            rest = after;
            continue;
        }
        literal |= !before.is_empty();
        expansion.text.push_str(before);
        let Some((inside, after)) = after.split_once('}') else {
            return Err("the placeholder `${` has no `}`: use `$${` for the text `${`".to_owned());
        };
        replace(inside, environment, &mut expansion)?;
        rest = after;
    }
    literal |= !rest.is_empty();
    expansion.text.push_str(rest);
    expansion.whole = expansion.placeholders == 1 && !literal;
    Ok(Some(expansion))
}

fn replace(
    inside: &str,
    environment: &Environment,
    expansion: &mut Expansion,
) -> Result<(), String> {
    let (name, default) = match inside.split_once(':') {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    if !is_name(name) {
        return Err("a placeholder needs the name of a variable: letters, digits and `_`, without a digit at the start".to_owned());
    }
    if default.is_some_and(|default| default.contains("${")) {
        return Err(format!(
            "a placeholder inside the default of `${{{name}}}` is not supported"
        ));
    }
    expansion.placeholders += 1;
    match (environment.get(name), default) {
        (Some(Ok(value)), _) => {
            expansion.variables += 1;
            expansion.text.push_str(value);
        }
        (Some(Err(_)), _) => return Err(format!("the environment variable {name} is not UTF-8")),
        (None, Some(default)) => expansion.text.push_str(default),
        (None, None) => {
            return Err(format!(
                "the environment variable {name} is not set: set it, or use `${{{name}:default}}`"
            ));
        }
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests;
