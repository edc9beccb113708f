//! Compiles a .proto into gRPC, JSON over HTTP, OpenAPI and clients.
