use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    client::Clients,
    connection::blocking,
    detached::Detached,
    groups::{self, Partition},
    member::Client,
    rebalance::Rebalances,
    starts::Starts,
    topology::Topology,
};
use crate::{
    GroupName,
    transport::{GroupPlan, TopicPlan, TransportError},
};

/// The maximum number of groups that are created at the same time. Each needs a client.
const MAX_CONCURRENT_GROUPS: usize = 8;

/// Creates the topics that have groups, and commits a first offset of each group. If the group has
/// members, they start at an offset that this function records.
pub(super) async fn create_groups(
    topology: &Topology,
    clients: &Clients,
    plans: &[TopicPlan],
) -> Result<(), TransportError> {
    let with_groups = plans.iter().filter(|plan| !plan.groups.is_empty());
    let topics: Vec<_> = with_groups.clone().map(|plan| plan.topic.clone()).collect();
    topology.create(&topics).await?;
    let mut of_groups: BTreeMap<&GroupName, Vec<Partition>> = BTreeMap::new();
    for TopicPlan { topic, groups, .. } in with_groups {
        let name = topology.names.topic(topic);
        let found = topology.partitions(topic).await?.ok_or_else(|| {
            TransportError::unavailable(format!(
                "the topic {name} does not exist, or a partition has no leader"
            ))
        })?;
        let partitions = found.into_iter().map(|partition| (name.clone(), partition));
        let partitions: Vec<_> = partitions.collect();
        for GroupPlan { group, .. } in groups {
            let of_group = of_groups.entry(group).or_default();
            of_group.extend_from_slice(&partitions);
        }
    }
    let groups = of_groups.into_iter().map(|(group, partitions)| {
        let timeout = topology.connection.timeout();
        let config = clients.member(&topology.names.group(group));
        let starts = clients.member(&topology.names.starts(group));
        let starts = Starts::new(starts, timeout);
        blocking(move || {
            let client: Client = config.create_with_context(Rebalances::default())?;
            let client = Detached::new(client);
            let uncommitted = groups::register(&client, &starts, &partitions, timeout)?;
            starts.record(&uncommitted)
        })
    });
    let groups: Vec<_> = groups.collect();
    let created = stream::iter(groups).buffer_unordered(MAX_CONCURRENT_GROUPS);
    created.try_collect().await
}
