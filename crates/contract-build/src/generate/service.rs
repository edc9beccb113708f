use prost_reflect::MessageDescriptor;

use super::{
    Scope,
    comment::{comment, documentation},
    field::{Shape, kind, map_kinds},
    methods,
};
use crate::{
    contract::{Method, Service},
    http_rule::{Binding, Body, Segment},
    names,
};

/// Generates the trait that a service implements, and the type that serves it over both
/// transports.
pub(super) fn service(scope: &Scope<'_>, service: &Service) -> String {
    let runtime = scope.runtime();
    let descriptor = &service.descriptor;
    let name = names::camel(descriptor.name());
    let full_name = descriptor.full_name();
    let server = format!(
        "{}_server",
        names::snake(descriptor.name()).trim_start_matches("r#")
    );
    let contract = format!("{name}Contract");
    let documented = documentation(
        &comment(&descriptor.parent_file(), descriptor.path()),
        &format!("The methods of `{full_name}`."),
    );
    let declarations: String = service
        .methods
        .iter()
        .map(|m| declaration(scope, m))
        .collect();
    let grpc: String = service.methods.iter().map(|m| grpc(scope, m)).collect();
    let routes: String = service
        .methods
        .iter()
        .flat_map(|method| method.bindings.iter().map(move |binding| (method, binding)))
        .map(|(method, binding)| route(scope, service, method, binding))
        .collect();
    let method_enum = methods::methods(scope, service);
    let method_name = methods::name(service);
    let routes = match routes.as_str() {
        "" => format!("{runtime}::http::Routes::new(self.config.clone())"),
        routes => format!(
            "let mut routes = {runtime}::http::Routes::new(self.config.clone()); {routes} routes"
        ),
    };
    format!(
        "{documented}
        pub trait {name}: Send + Sync + 'static {{ {declarations} }}

        {method_enum}

        /// Serves an implementation of [`{name}`] over gRPC and over HTTP, with the same checks.
        pub struct {contract}<T> {{
            implementation: ::std::sync::Arc<T>,
            config: {runtime}::ContractConfig,
        }}

        impl<T> Clone for {contract}<T> {{
            fn clone(&self) -> Self {{
                Self {{
                    implementation: ::std::sync::Arc::clone(&self.implementation),
                    config: self.config.clone(),
                }}
            }}
        }}

        impl<T> ::std::fmt::Debug for {contract}<T> {{
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {{
                formatter.write_str({contract:?})
            }}
        }}

        impl<T: {name}> {contract}<T> {{
            /// Serves an implementation with the default settings.
            pub fn new(implementation: T) -> Self {{
                Self::with_config(implementation, {runtime}::ContractConfig::default())
            }}

            /// Serves an implementation.
            pub fn with_config(implementation: T, config: {runtime}::ContractConfig) -> Self {{
                Self {{ implementation: ::std::sync::Arc::new(implementation), config }}
            }}

            fn http(&self) -> {runtime}::http::Routes<{method_name}> {{
                {routes}
            }}

            /// Returns the HTTP routes for your own server. They do not check the caller's access:
            /// `seaworthy_grpc::Contracts` enforces it.
            #[allow(dead_code)]
            pub fn unguarded_router(&self) -> {runtime}::axum::Router {{
                self.http().into_router()
            }}
        }}

        impl<T: {name}> {runtime}::Contract for {contract}<T> {{
            const NAME: &'static str = {full_name:?};
            const DESCRIPTORS: &'static [u8] = include_bytes!(\"descriptors.bin\");
            const OPENAPI: &'static str = include_str!(\"openapi.json\");

            type Method = {method_name};
            type Grpc = {server}::{name}Server<Self>;

            fn unguarded_grpc(&self) -> Self::Grpc {{
                {server}::{name}Server::new(self.clone())
                    .max_decoding_message_size(self.config.max_body_size.as_usize())
            }}

            fn paths(&self) -> ::std::vec::Vec<{runtime}::http::HttpPath<Self::Method>> {{
                self.http().into_paths()
            }}

            fn config(&self) -> &{runtime}::ContractConfig {{
                &self.config
            }}
        }}

        #[{runtime}::tonic::async_trait]
        impl<T: {name}> {server}::{name} for {contract}<T> {{ {grpc} }}\n"
    )
}

struct Signature {
    name: String,
    input: String,
    output: String,
    from_client: bool,
    from_server: bool,
}

impl Signature {
    fn of(scope: &Scope<'_>, method: &Method) -> Self {
        let descriptor = &method.descriptor;
        let path = |message: &MessageDescriptor| match message.full_name() {
            "google.protobuf.DoubleValue" => "f64".to_owned(),
            "google.protobuf.FloatValue" => "f32".to_owned(),
            "google.protobuf.Int64Value" => "i64".to_owned(),
            "google.protobuf.UInt64Value" => "u64".to_owned(),
            "google.protobuf.Int32Value" => "i32".to_owned(),
            "google.protobuf.UInt32Value" => "u32".to_owned(),
            "google.protobuf.BoolValue" => "bool".to_owned(),
            "google.protobuf.StringValue" => scope.string_path(),
            "google.protobuf.BytesValue" => scope.bytes_path(),
            _ => scope.message_path(message),
        };
        Self {
            name: names::snake(descriptor.name()),
            input: path(&descriptor.input()),
            output: path(&descriptor.output()),
            from_client: descriptor.is_client_streaming(),
            from_server: descriptor.is_server_streaming(),
        }
    }
}

fn declaration(scope: &Scope<'_>, method: &Method) -> String {
    let runtime = scope.runtime();
    let descriptor = &method.descriptor;
    let Signature {
        name,
        input,
        output,
        from_client,
        from_server,
    } = Signature::of(scope, method);
    let documented = documentation(
        &comment(
            &descriptor.parent_service().parent_file(),
            descriptor.path(),
        ),
        &format!("The method `{}`.", descriptor.name()),
    );
    let stream = |message: &str| format!("{runtime}::MessageStream<{message}>");
    let input = if from_client { stream(&input) } else { input };
    let output = if from_server { stream(&output) } else { output };
    format!(
        "{documented}
        fn {name}(&self, request: {input})
            -> impl ::std::future::Future<Output = Result<{output}, {runtime}::Error>> + Send;\n"
    )
}

fn grpc(scope: &Scope<'_>, method: &Method) -> String {
    let runtime = scope.runtime();
    let Signature {
        name,
        input,
        output,
        from_client,
        from_server,
    } = Signature::of(scope, method);
    let stream_name = format!("{}Stream", method.descriptor.name());
    let input = if from_client {
        format!("{runtime}::tonic::Streaming<{input}>")
    } else {
        input
    };
    let (associated, response) = if from_server {
        (
            format!("type {stream_name} = {runtime}::grpc::ResponseStream<{output}>;"),
            format!("Self::{stream_name}"),
        )
    } else {
        (String::new(), output)
    };
    let call = match (from_client, from_server) {
        (false, false) => "unary",
        (false, true) => "server_streaming",
        (true, false) => "client_streaming",
        (true, true) => "bidirectional",
    };
    format!(
        "{associated}
        async fn {name}(&self, request: {runtime}::tonic::Request<{input}>)
            -> Result<{runtime}::tonic::Response<{response}>, {runtime}::tonic::Status> {{
            {runtime}::grpc::{call}(&self.config, request, |request| self.implementation.{name}(request)).await
        }}\n"
    )
}

fn route(scope: &Scope<'_>, service: &Service, method: &Method, binding: &Binding) -> String {
    let runtime = scope.runtime();
    let Signature {
        name,
        input,
        from_server,
        ..
    } = Signature::of(scope, method);
    let function = if from_server { "streaming" } else { "unary" };
    let body = match &binding.body {
        Body::None => "None".to_owned(),
        Body::Message => "Message".to_owned(),
        Body::Field(field) => format!("Field({field:?})"),
    };
    let write = match &binding.response_body {
        None => "encoder.message(response)".to_owned(),
        Some(field) => response_field(scope, &method.descriptor.output(), field),
    };
    let whole = binding.response_body.is_none();
    let verb = &binding.method;
    let of = methods::variant(service, method);
    let template = template(runtime, binding);
    format!(
        "routes.{function}(
            {of},
            {runtime}::http::Route {{
                method: {verb:?},
                template: {template},
                body: {runtime}::http::RequestBody::{body},
                whole_response: {whole},
            }},
            {{
                let implementation = ::std::sync::Arc::clone(&self.implementation);
                move |request: {input}| {{
                    let implementation = ::std::sync::Arc::clone(&implementation);
                    async move {{ implementation.{name}(request).await }}
                }}
            }},
            |response, encoder| {{ {write} }},
        );\n"
    )
}

fn response_field(scope: &Scope<'_>, output: &MessageDescriptor, name: &str) -> String {
    let Some(field) = output.get_field_by_name(name) else {
        return "encoder.message(response)".to_owned();
    };
    let rust = names::snake(name);
    let value = kind(scope, &field.kind());
    match Shape::of(&field) {
        Shape::Plain => format!("encoder.value::<{value}>(&response.{rust})"),
        Shape::List => format!("encoder.list::<{value}>(&response.{rust})"),
        Shape::Map => {
            let (key, value) = map_kinds(scope, &field);
            format!("encoder.object::<{key}, {value}>(&response.{rust})")
        }
        Shape::Optional => format!("encoder.value_or_null::<{value}>(response.{rust}.as_ref())"),
        Shape::Oneof(oneof) => format!(
            "encoder.value_or_null::<{value}>(match &response.{} {{ Some({}(value)) => Some(value), _ => None }})",
            names::snake(oneof.name()),
            super::field::variant(scope, &field, &oneof)
        ),
    }
}

fn template(runtime: &str, binding: &Binding) -> String {
    let template = &binding.template;
    let segments: String = template
        .segments
        .iter()
        .map(|segment| match segment {
            Segment::Literal(text) => format!("{runtime}::http::Segment::Literal({text:?}), "),
            Segment::One => format!("{runtime}::http::Segment::One, "),
            Segment::Rest => format!("{runtime}::http::Segment::Rest, "),
        })
        .collect();
    let variables: String = template
        .variables
        .iter()
        .map(|variable| {
            format!(
                "{runtime}::http::Variable {{ field: {:?}, start: {}, count: {} }}, ",
                variable.field, variable.start, variable.count
            )
        })
        .collect();
    format!(
        "{runtime}::http::PathTemplate {{ text: {:?}, segments: &[{segments}], variables: &[{variables}], verb: {:?} }}",
        template.text, template.verb
    )
}
