//! Generates the enum of a service's methods and its table of descriptions.

use super::{
    Scope,
    comment::{comment, documentation},
};
use crate::{
    Access,
    contract::{Method, Service},
    names,
};

/// Returns the name of the enum.
pub(super) fn name(service: &Service) -> String {
    format!("{}Method", names::camel(service.descriptor.name()))
}

/// Returns the path of an enum variant.
pub(super) fn variant(service: &Service, method: &Method) -> String {
    format!(
        "{}::{}",
        name(service),
        names::camel(method.descriptor.name())
    )
}

/// Generates the enum and its table.
pub(super) fn methods(scope: &Scope<'_>, service: &Service) -> String {
    let runtime = scope.runtime();
    let name = name(service);
    let service_name = service.descriptor.full_name();
    let file = service.descriptor.parent_file();
    let variants: String = service
        .methods
        .iter()
        .map(|method| {
            let descriptor = &method.descriptor;
            let otherwise = format!("The method `{}`.", descriptor.name());
            let documented = documentation(&comment(&file, descriptor.path()), &otherwise);
            format!("{documented} {},\n", names::camel(descriptor.name()))
        })
        .collect();
    let all: String = service
        .methods
        .iter()
        .map(|method| format!("{}, ", variant(service, method)))
        .collect();
    let descriptions: String = service
        .methods
        .iter()
        .map(|method| {
            let descriptor = &method.descriptor;
            format!(
                "{variant} => {runtime}::MethodDescription {{
                    name: {name:?},
                    grpc_path: {path:?},
                    access: {access},
                    is_client_streaming: {streaming},
                }},\n",
                variant = variant(service, method),
                name = descriptor.name(),
                path = format!("/{service_name}/{}", descriptor.name()),
                access = access(runtime, &method.access),
                streaming = descriptor.is_client_streaming(),
            )
        })
        .collect();
    let flags: String = service
        .methods
        .iter()
        .filter_map(|method| {
            let flag = method.flag.as_ref()?;
            Some(format!(
                "{variant} => Some({runtime}::MethodFlag {{
                    key: {key:?},
                    on_by_default: {on_by_default},
                    rejection: {runtime}::MethodFlagRejection::{rejection},
                }}),\n",
                variant = variant(service, method),
                key = flag.key,
                on_by_default = flag.on_by_default,
                rejection = flag.rejection,
            ))
        })
        .collect();
    let required_flag = match flags.as_str() {
        "" => String::new(),
        flags => format!(
            "fn required_flag(self) -> Option<{runtime}::MethodFlag> {{
                #[allow(unreachable_patterns)]
                match self {{ {flags} _ => None }}
            }}"
        ),
    };
    format!(
        "/// The methods of `{service_name}`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum {name} {{ {variants} }}

        impl {runtime}::ContractMethod for {name} {{
            const ALL: &'static [Self] = &[{all}];

            fn description(self) -> {runtime}::MethodDescription {{
                match self {{ {descriptions} }}
            }}

            {required_flag}
        }}\n"
    )
}

fn access(runtime: &str, access: &Access) -> String {
    match access {
        Access::Public => format!("{runtime}::MethodAccess::Public"),
        Access::Optional => format!("{runtime}::MethodAccess::Optional"),
        Access::Authenticated {
            any_of_roles,
            all_of_scopes,
        } => format!(
            "{runtime}::MethodAccess::Authenticated {{
                any_of_roles: &{any_of_roles:?},
                all_of_scopes: &{all_of_scopes:?},
            }}"
        ),
    }
}
