use prost_build::{Service, ServiceGenerator};

/// Generates gRPC clients and servers with `tonic`. Servers use the codec of the runtime crate,
/// which reports malformed messages as errors of the client.
pub(crate) struct Transport {
    client: Box<dyn ServiceGenerator>,
    /// `None` if only clients are generated.
    server: Option<Box<dyn ServiceGenerator>>,
    /// The path that `tonic` has in generated code.
    tonic: String,
}

impl Transport {
    pub(crate) fn new(runtime: &str, is_client_only: bool) -> Self {
        let server = || {
            tonic_prost_build::configure()
                .build_client(false)
                .codec_path(format!("{runtime}::grpc::RequestCodec"))
                .service_generator()
        };
        Self {
            client: tonic_prost_build::configure()
                .build_server(false)
                .codec_path(format!("{runtime}::tonic_prost::ProstCodec"))
                .service_generator(),
            server: (!is_client_only).then(server),
            tonic: format!("{runtime}::tonic::"),
        }
    }

    /// Runs `write`, and makes the paths of `tonic` in its output those of the runtime crate's
    /// re-export. `tonic` has no option for it.
    fn write(
        &mut self,
        buffer: &mut String,
        mut write: impl FnMut(&mut dyn ServiceGenerator, &mut String),
    ) {
        let mut code = String::new();
        write(&mut *self.client, &mut code);
        if let Some(server) = &mut self.server {
            write(&mut **server, &mut code);
        }
        buffer.push_str(&with_path(&code, &self.tonic));
    }
}

/// Replaces `tonic::` at the beginning of paths.
fn with_path(code: &str, tonic: &str) -> String {
    let mut parts = code.split("tonic::");
    let mut written = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_inside = written
            .ends_with(|before: char| before == ':' || before == '_' || before.is_alphanumeric());
        written.push_str(if is_inside { "tonic::" } else { tonic });
        written.push_str(part);
    }
    written
}

impl ServiceGenerator for Transport {
    fn generate(&mut self, service: Service, buffer: &mut String) {
        self.write(buffer, |generator, code| {
            generator.generate(service.clone(), code);
        });
    }

    fn finalize(&mut self, buffer: &mut String) {
        self.write(buffer, |generator, code| generator.finalize(code));
    }

    fn finalize_package(&mut self, package: &str, buffer: &mut String) {
        self.write(buffer, |generator, code| {
            generator.finalize_package(package, code);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_tonic_only_where_paths_begin_api_1() {
        let code = "use tonic::codegen::*; a::tonic::B; tectonic::C; (tonic::D, my_tonic::E)";
        assert_eq!(
            with_path(code, "::x::tonic::"),
            "use ::x::tonic::codegen::*; a::tonic::B; tectonic::C; (::x::tonic::D, my_tonic::E)"
        );
    }
}
