use prost_build::{Service, ServiceGenerator};

/// What `tonic` writes: clients with its own codec, servers with ours, which calls bytes that are no message the caller's fault.
pub(crate) struct Transport {
    client: Box<dyn ServiceGenerator>,
    server: Box<dyn ServiceGenerator>,
}

impl Transport {
    pub(crate) fn new(runtime: &str) -> Self {
        Self {
            client: tonic_prost_build::configure()
                .build_server(false)
                .service_generator(),
            server: tonic_prost_build::configure()
                .build_client(false)
                .codec_path(format!("{runtime}::grpc::RequestCodec"))
                .service_generator(),
        }
    }
}

impl ServiceGenerator for Transport {
    fn generate(&mut self, service: Service, buffer: &mut String) {
        self.client.generate(service.clone(), buffer);
        self.server.generate(service, buffer);
    }

    fn finalize(&mut self, buffer: &mut String) {
        self.client.finalize(buffer);
        self.server.finalize(buffer);
    }

    fn finalize_package(&mut self, package: &str, buffer: &mut String) {
        self.client.finalize_package(package, buffer);
        self.server.finalize_package(package, buffer);
    }
}
