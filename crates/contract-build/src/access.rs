//! `seaworthy.access`: who may call a method (AUTH-5).

use std::{collections::BTreeMap, fmt};

use prost_reflect::{DynamicMessage, MethodDescriptor, ReflectMessage as _, Value};

use crate::{
    BuildError,
    diagnostic::{Diagnostics, Location},
};

const ACCESS: &str = "seaworthy.access";

/// The [`Location::file`] of a declaration that is not in a `.proto`.
const BUILD_SCRIPT: &str = "build script";

/// The access declaration of a method in a `.proto` that you cannot edit, for
/// [`Builder::access`](crate::Builder::access). Your own contracts declare it with the option
/// `(seaworthy.access)`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Every caller. Credentials are not read.
    Public,
    /// Every caller. Requests without valid credentials are anonymous.
    Optional,
    /// Callers with valid credentials only.
    Authenticated {
        /// The caller needs one of these roles. Empty: any caller.
        any_of_roles: Vec<String>,
        /// The credentials need all of these scopes.
        all_of_scopes: Vec<String>,
    },
}

impl Access {
    /// Allows any caller with valid credentials.
    #[must_use]
    pub fn authenticated() -> Self {
        Self::Authenticated {
            any_of_roles: Vec::new(),
            all_of_scopes: Vec::new(),
        }
    }

    fn check(&self) -> Result<(), String> {
        let Self::Authenticated {
            any_of_roles,
            all_of_scopes,
        } = self
        else {
            return Ok(());
        };
        for (kind, values, is_valid) in [
            ("role", any_of_roles, is_role as fn(&str) -> bool),
            ("scope", all_of_scopes, is_scope),
        ] {
            for (index, value) in values.iter().enumerate() {
                if !is_valid(value) {
                    return Err(format!("{value:?} is not a valid {kind}"));
                }
                if values.iter().take(index).any(|other| other == value) {
                    return Err(format!("the {kind} {value:?} is named twice: remove one"));
                }
            }
        }
        Ok(())
    }
}

/// Declarations of the build script that no method has used yet, by the full name of the method.
pub(crate) struct Declarations<'a>(BTreeMap<&'a str, &'a Access>);

impl<'a> Declarations<'a> {
    pub(crate) fn new(
        declared: impl IntoIterator<Item = &'a (String, Access)>,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut known = BTreeMap::new();
        for (method, access) in declared {
            if known.insert(method.as_str(), access).is_some() {
                diagnostics.add(
                    build_script(),
                    format!("Builder::access declares `{method}` twice"),
                );
            }
        }
        Self(known)
    }

    /// Returns the access of a method, or `None` after a diagnostic.
    pub(crate) fn read(
        &mut self,
        method: &MethodDescriptor,
        diagnostics: &mut Diagnostics,
    ) -> Option<Access> {
        let location = Location::of(&method.parent_service().parent_file(), method.path());
        let name = method.name();
        let options = method.options();
        let option = options
            .extensions()
            .find(|(extension, _)| extension.full_name() == ACCESS);
        let about = |problem: String| format!("{ACCESS} of `{name}`: {problem}");
        let access = match (option, self.0.remove(method.full_name())) {
            (Some((_, Value::Message(option))), None) => of_option(option).map_err(about),
            (None, Some(access)) => Ok(access.clone()),
            (None, None) => Err(format!(
                "`{name}` does not declare who may call it: import \"seaworthy/access.proto\" and add \
                 `option (seaworthy.access).callers = AUTHENTICATED;` (or PUBLIC, OPTIONAL, or \
                 `{{any_of_roles: [\"…\"]}}`)"
            )),
            (Some(_), _) => Err(format!(
                "`{name}` declares who may call it here and in Builder::access: remove one"
            )),
        };
        let checked = access.and_then(|access| match access.check() {
            Ok(()) => Ok(access),
            Err(problem) => Err(about(problem)),
        });
        checked
            .map_err(|problem| diagnostics.add(location, problem))
            .ok()
    }

    /// Reports the declarations that no method used.
    pub(crate) fn finish(self, diagnostics: &mut Diagnostics) {
        for method in self.0.into_keys() {
            diagnostics.add(
                build_script(),
                format!(
                    "Builder::access names `{method}`, which is not a method of these files: write it as \
                     `package.Service.Method`"
                ),
            );
        }
    }
}

/// Rejects declarations of a contract that is not served.
pub(crate) fn reject_in_client(declared: &[(String, Access)]) -> Result<(), BuildError> {
    let mut diagnostics = Diagnostics::default();
    for (method, _) in declared {
        diagnostics.add(
            build_script(),
            format!("Builder::access declares `{method}`, but Builder::client_only does not generate a server: remove one"),
        );
    }
    diagnostics.finish()
}

fn of_option(option: &DynamicMessage) -> Result<Access, String> {
    let any_of_roles = texts(option, "any_of_roles");
    let all_of_scopes = texts(option, "all_of_scopes");
    let has_needs = !(any_of_roles.is_empty() && all_of_scopes.is_empty());
    match (callers(option).as_deref(), has_needs) {
        (Some("PUBLIC"), false) => Ok(Access::Public),
        (Some("OPTIONAL"), false) => Ok(Access::Optional),
        (Some(open @ ("PUBLIC" | "OPTIONAL")), true) => Err(format!(
            "{open} allows anonymous callers, but roles or scopes are set: remove one"
        )),
        (Some("AUTHENTICATED"), _) | (Some("CALLERS_UNSPECIFIED"), true) => {
            Ok(Access::Authenticated {
                any_of_roles,
                all_of_scopes,
            })
        }
        _ => Err("it declares neither callers nor roles nor scopes: set one of them".to_owned()),
    }
}

fn callers(option: &DynamicMessage) -> Option<String> {
    let field = option.descriptor().get_field_by_name("callers")?;
    let number = option.get_field(&field).as_enum_number()?;
    let kind = field.kind();
    let value = kind.as_enum()?.get_value(number)?;
    Some(value.name().to_owned())
}

fn texts(option: &DynamicMessage, name: &str) -> Vec<String> {
    let Some(values) = option.get_field_by_name(name) else {
        return Vec::new();
    };
    let values = values.as_list().unwrap_or_default().iter();
    values
        .filter_map(|value| value.as_str().map(str::to_owned))
        .collect()
}

/// Whether text is a role. Roles are compared exactly, so it has no leading or trailing space.
fn is_role(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.contains(char::is_control)
}

/// Whether text is a scope: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )` (RFC 6749, 3.3).
fn is_scope(text: &str) -> bool {
    let is_token = |byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    !text.is_empty() && text.bytes().all(is_token)
}

pub(crate) fn build_script() -> Location {
    Location {
        file: BUILD_SCRIPT.to_owned(),
        line: 0,
        column: 0,
    }
}

impl fmt::Debug for Declarations<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(&self.0).finish()
    }
}
