//! The members of groups in this process, and queries with their clients.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use rdkafka::{consumer::Consumer as _, error::KafkaResult};
use tokio::sync::mpsc;

use super::{
    super::{
        connection::blocking,
        deliveries::KafkaDeliveries,
        detached::Detached,
        groups::{self, Partition},
        member::{Client, Limits, Member},
        rebalance::Rebalances,
        rotation::MemberPassword,
        starts::Starts,
    },
    Inner,
};
use crate::{
    GroupName, Topic,
    transport::{SubscriptionPlan, TransportError},
};

/// A group of this process.
pub(super) struct Opened {
    topics: Vec<Topic>,
    client: Weak<Client>,
}

impl Inner {
    pub(super) fn topics_of(&self, group: &GroupName) -> Option<Vec<Topic>> {
        let opened = self.groups.lock();
        opened.get(group).map(|opened| opened.topics.clone())
    }

    fn member_of(&self, group: &GroupName) -> Option<Arc<Client>> {
        let opened = self.groups.lock();
        opened.get(group).and_then(|opened| opened.client.upgrade())
    }

    /// Requests information about a group with the client of its member, if this process has one.
    pub(super) async fn query_group<T: Send + 'static>(
        &self,
        group: &GroupName,
        partitions: Vec<Partition>,
        query: impl FnOnce(&Client, &[Partition], Duration) -> KafkaResult<T> + Send + 'static,
    ) -> Result<T, TransportError> {
        let member = self.member_of(group);
        let config = self.clients.member(&self.names.group(group));
        let timeout = self.connection.timeout();
        blocking(move || match member {
            Some(member) => {
                let result = query(&member, &partitions, timeout);
                // This may be the last reference to the client of a member that has left. The
                // reply does not wait for the end of the client.
                drop(Arc::into_inner(member).map(Detached::new));
                result
            }
            None => {
                let client: Client = config.create_with_context(Rebalances::default())?;
                query(&Detached::new(client), &partitions, timeout)
            }
        })
        .await
    }

    /// Creates a member, which does not subscribe yet.
    pub(super) async fn join(
        &self,
        plan: SubscriptionPlan,
    ) -> Result<KafkaDeliveries, TransportError> {
        let mut topics = plan.topics.clone();
        topics.extend(plan.topics.iter().map(Topic::dead_letters));
        self.topology.create(&topics).await?;
        let partitions = self.partitions(&plan.topics).await?;
        let password = MemberPassword::new(&self.clients);
        let config = self.clients.member(&self.names.group(&plan.group));
        let timeout = self.connection.timeout();
        let recorded = self.clients.member(&self.names.starts(&plan.group));
        let recorded = Starts::new(recorded, timeout);
        let member = blocking(move || {
            let client: Client = config.create_with_context(Rebalances::default())?;
            match groups::register(&client, &recorded, &partitions, timeout) {
                Ok(starts) => Ok((Arc::new(client), starts)),
                Err(error) => {
                    drop(Detached::new(client));
                    Err(error)
                }
            }
        });
        let (client, starts) = member.await?;
        let opened = Opened {
            topics: plan.topics.clone(),
            client: Arc::downgrade(&client),
        };
        self.groups.lock().insert(plan.group.clone(), opened);
        let (to, arrivals) = mpsc::unbounded_channel();
        let named = plan.topics.into_iter();
        let named = named.map(|topic| (self.names.topic(&topic), topic));
        let limits = Limits {
            prefetch: plan.prefetch.get().into(),
            commit_interval: self.config.commit_interval.get(),
            timeout,
            lease: self.config.session_timeout.get(),
            handover: self.config.handover_timeout.get(),
        };
        let topics = named.collect();
        let member = Member::new(plan.group, topics, starts, limits, Arc::clone(&client), to);
        client.context().set_member(&member);
        Ok(KafkaDeliveries::new(member, arrivals, password))
    }
}
