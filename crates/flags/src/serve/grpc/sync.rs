use futures::StreamExt as _;
use seaworthy_contract::MessageStream;
use seaworthy_core::Error;

use super::{
    contract::flagd::sync::v1::{
        FetchAllFlagsRequest, FetchAllFlagsResponse, FlagSyncService, GetMetadataRequest,
        GetMetadataResponse, SyncFlagsRequest, SyncFlagsResponse,
    },
    server::FlagServer,
    structure::structure,
};

impl FlagSyncService for FlagServer {
    async fn sync_flags(
        &self,
        _: SyncFlagsRequest,
    ) -> Result<MessageStream<SyncFlagsResponse>, Error> {
        self.permit()?;
        let context = structure(&self.flags.service_context());
        let events = self.streams.open(&self.flags)?;
        Ok(Box::pin(events.map(move |event| {
            Ok(SyncFlagsResponse {
                flag_configuration: event?.after.to_flagd().to_string(),
                sync_context: Some(context.clone()),
            })
        })))
    }

    async fn fetch_all_flags(
        &self,
        _: FetchAllFlagsRequest,
    ) -> Result<FetchAllFlagsResponse, Error> {
        self.permit()?;
        Ok(FetchAllFlagsResponse {
            flag_configuration: self.flags.set().to_flagd().to_string(),
        })
    }

    async fn get_metadata(&self, _: GetMetadataRequest) -> Result<GetMetadataResponse, Error> {
        self.permit()?;
        Ok(GetMetadataResponse {
            metadata: Some(structure(&self.flags.service_context())),
        })
    }
}
