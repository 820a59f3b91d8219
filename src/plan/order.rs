//! One order out of all that the constraints allow: the same for the same catalogs, and one that reads well.
//! What can be removed goes first, then objects by kind and name with their parts beside them, and what
//! reads whole tables (indexes, validation) last, but for steps that say that they are.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::emit::{Node, Stage};
use super::graph::Graph;
use super::refuse::PlanError;
use super::world::World;
use crate::catalog::id::Style;
use crate::catalog::{Id, Step, Tag};

/// Where a step stands among those that could run now.
type Key<'a> = (u8, Tag, &'a Id, bool, Tag, usize, &'a Id, usize);

/// The numbers of the steps in order (Kahn's algorithm with a fixed preference).
pub(super) fn order(
    from: &World<'_>,
    to: &World<'_>,
    nodes: &[Node],
    mut graph: Graph,
) -> Result<Vec<usize>, PlanError> {
    let mut keys: Vec<Key<'_>> = nodes
        .iter()
        .enumerate()
        .map(|(number, node)| key(from, to, number, node))
        .collect();
    keys.sort_unstable();
    let mut ranks = vec![0_usize; nodes.len()];
    for (rank, &(.., number)) in keys.iter().enumerate() {
        if let Some(place) = ranks.get_mut(number) {
            *place = rank;
        }
    }
    let rank = |number: usize| ranks.get(number).copied().unwrap_or(usize::MAX);
    let mut ready: BinaryHeap<Reverse<(usize, usize)>> = graph
        .waits
        .iter()
        .enumerate()
        .filter(|(_, waits)| **waits == 0)
        .map(|(number, _)| Reverse((rank(number), number)))
        .collect();
    let mut sequence = Vec::with_capacity(nodes.len());
    while let Some(Reverse((_, number))) = ready.pop() {
        sequence.push(number);
        for &next in graph.next.get(number).map_or(&[][..], Vec::as_slice) {
            if let Some(waits) = graph.waits.get_mut(next) {
                *waits -= 1;
                if *waits == 0 {
                    ready.push(Reverse((rank(next), next)));
                }
            }
        }
    }
    if sequence.len() < nodes.len() {
        return Err(PlanError::Cycle(cycle(nodes, &graph)));
    }
    Ok(sequence)
}

fn key<'n>(from: &World<'n>, to: &World<'n>, number: usize, node: &'n Node) -> Key<'n> {
    let id = &node.step.subject;
    let is_old = matches!(node.stage, Stage::LetGo | Stage::Free);
    let world = if is_old { from } else { to };
    let root = world.root_or_self(id);
    let class = match node.stage {
        _ if node.step.last => 3,
        Stage::LetGo | Stage::Free => 0,
        Stage::Make if node.step.scans => 2,
        Stage::Make | Stage::Aside | Stage::Alter | Stage::Meta => 1,
    };
    // Columns in the order of the table, so that those that are added come in that order.
    let position = if id.is_part() && id.kind.style() == Style::Column {
        let columns = world.catalog.columns(root);
        columns
            .iter()
            .position(|column| *column == id.name)
            .unwrap_or_default()
    } else {
        0
    };
    (
        class,
        root.kind,
        root,
        id.is_part(),
        id.kind,
        position,
        id,
        number,
    )
}

/// A cycle among the nodes that still wait: from any of them, always to one that it waits for.
fn cycle(nodes: &[Node], graph: &Graph) -> Vec<Step> {
    let waiting = |number: usize| graph.waits.get(number).is_some_and(|&waits| waits > 0);
    let mut before: Vec<Option<usize>> = vec![None; nodes.len()];
    for (number, next) in graph.next.iter().enumerate() {
        for &later in next.iter().filter(|_| waiting(number)) {
            if let Some(place) = before.get_mut(later) {
                *place = Some(number);
            }
        }
    }
    let mut path: Vec<usize> = Vec::new();
    let mut current = (0..nodes.len()).find(|&number| waiting(number));
    while let Some(number) = current {
        if let Some(start) = path.iter().position(|&seen| seen == number) {
            path.drain(..start);
            break;
        }
        path.push(number);
        current = before.get(number).copied().flatten();
    }
    path.reverse();
    path.iter()
        .filter_map(|&number| nodes.get(number))
        .map(|node| node.step.clone())
        .collect()
}
