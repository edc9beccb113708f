use seaworthy_contract::tonic::Streaming;
use seaworthy_grpc::client::GrpcChannel;

use super::Failure;
use crate::serve::contract::flagd::sync::v1::{
    FetchAllFlagsRequest, SyncFlagsRequest, SyncFlagsResponse,
    flag_sync_service_client::FlagSyncServiceClient,
};

/// The name of the client in the settings.
pub(super) const CLIENT: &str = "flags";
/// Maximum size of a document, as of a file.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A server with the API `flagd.sync.v1`.
pub(super) struct FlagdSource {
    client: FlagSyncServiceClient<GrpcChannel>,
    provider: String,
    selector: String,
}

impl FlagdSource {
    pub(super) fn new(channel: GrpcChannel, provider: &str, selector: &str) -> Self {
        Self {
            client: FlagSyncServiceClient::new(channel).max_decoding_message_size(MAX_BYTES),
            provider: provider.to_owned(),
            selector: selector.to_owned(),
        }
    }

    pub(super) async fn fetch(&self) -> Result<Option<String>, Failure> {
        let request = FetchAllFlagsRequest {
            provider_id: self.provider.clone(),
            selector: self.selector.clone(),
        };
        let response = self.client.clone().fetch_all_flags(request).await?;
        Ok(Some(response.into_inner().flag_configuration))
    }

    /// Opens a stream of documents: the current one, and each that replaces it.
    pub(super) async fn open(&self) -> Result<Streaming<SyncFlagsResponse>, Failure> {
        let request = SyncFlagsRequest {
            provider_id: self.provider.clone(),
            selector: self.selector.clone(),
        };
        Ok(self.client.clone().sync_flags(request).await?.into_inner())
    }
}
