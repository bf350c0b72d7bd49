//! Breadth-first search over a [`Model`].
//!
//! It visits every reachable node, or stops at a given fault. It keeps the shortest path to each
//! kind of fault found.

use core::fmt::Debug;
use core::hash::{BuildHasherDefault, Hash, Hasher};
use std::collections::{BTreeMap, HashSet};
use std::prelude::v1::*;
use std::{format, println};

use super::fault::Fault;

/// A graph of states and steps, which [`search`] explores.
pub(super) trait Model {
    /// The complete state of the model.
    type Node: Copy + Eq + Hash + Debug;
    /// The name of a step, for the printed path to a fault.
    type Label: Copy + Debug;

    fn start(&self) -> Self::Node;

    /// Appends every possible step from `node` to `steps`.
    fn steps(&self, node: &Self::Node, steps: &mut Vec<Step<Self>>);

    /// Returns the fault of a node, given the steps that start at it.
    ///
    /// `None` if it has no fault.
    fn check(&self, node: &Self::Node, steps: &[Step<Self>]) -> Option<Fault>;
}

/// A step from a node to the next one, or to a fault, which ends the path.
pub(super) struct Step<M: Model + ?Sized> {
    pub(super) label: M::Label,
    pub(super) to: Result<M::Node, Fault>,
    /// Set for a step that a correct program takes sooner or later.
    ///
    /// The other steps are a caller's free choice, such as to give up.
    pub(super) is_due: bool,
}

pub(super) struct Found<N> {
    pub(super) nodes: Vec<N>,
    pub(super) edges: usize,
    pub(super) faults: BTreeMap<Fault, Trace>,
}

/// The number of times a fault occurs, and the shortest path to it.
pub(super) struct Trace {
    pub(super) count: usize,
    pub(super) lines: Vec<String>,
}

/// The condition that ends a search.
#[derive(Clone, Copy)]
pub(super) enum Until {
    /// Stop once this fault has been found.
    Found(Fault),
    /// Stop only once all nodes have been visited.
    Exhausted,
}

/// Visits the nodes of `model` breadth first, until the condition holds.
pub(super) fn search<M: Model>(model: &M, until: Until) -> Found<M::Node> {
    let mut tree = Tree::new(model.start());
    let mut found = Found { nodes: Vec::new(), edges: 0, faults: BTreeMap::new() };
    let mut steps = Vec::new();
    let mut at = 0;
    while at < tree.nodes.len() {
        let node = tree.nodes[at];
        steps.clear();
        model.steps(&node, &mut steps);
        found.edges += steps.len();
        if let Some(fault) = model.check(&node, &steps) {
            found.note(fault, || tree.trace(model, at, None));
        }
        for step in &steps {
            match step.to {
                Ok(next) => tree.add(next, at),
                Err(fault) => found.note(fault, || tree.trace(model, at, Some(&step.label))),
            }
        }
        if let Until::Found(fault) = until
            && found.faults.contains_key(&fault)
        {
            break;
        }
        at += 1;
    }
    found.nodes = tree.nodes;
    found
}

impl<N> Found<N> {
    fn note(&mut self, fault: Fault, lines: impl FnOnce() -> Vec<String>) {
        self.faults.entry(fault).or_insert_with(|| Trace { count: 0, lines: lines() }).count += 1;
    }

    /// Prints the number of states and edges, and the shortest path to each fault.
    pub(super) fn print(&self, title: &str) {
        println!("{title}: {} states, {} edges", self.nodes.len(), self.edges);
        for (fault, trace) in &self.faults {
            println!("  {}: {} times, first", fault.name(), trace.count);
            trace.lines.iter().for_each(|line| println!("    {line}"));
        }
    }

    /// Fails the test if a fault was found that the protocol does not itself allow.
    pub(super) fn assert_sound(&self, title: &str) {
        self.print(title);
        let faults: Vec<_> = self.faults.keys().filter(|fault| !fault.is_inherent()).collect();
        assert!(faults.is_empty(), "{title}: {faults:?}; the traces are above");
    }
}

/// The visited nodes of a search, in the order of discovery.
///
/// Each has the index of the node from which it was first reached.
struct Tree<N> {
    nodes: Vec<N>,
    parents: Vec<u32>,
    known: HashSet<N, BuildHasherDefault<Multiply>>,
}

impl<N: Copy + Eq + Hash> Tree<N> {
    fn new(start: N) -> Self {
        let mut tree = Self { nodes: Vec::new(), parents: Vec::new(), known: HashSet::default() };
        tree.add(start, 0);
        tree
    }

    fn add(&mut self, node: N, parent: usize) {
        if self.known.insert(node) {
            self.nodes.push(node);
            self.parents.push(u32::try_from(parent).expect("fewer than 2^32 nodes"));
        }
    }

    /// Returns the labels on the shortest path to a node, then `last` if it is given.
    ///
    /// Labels are not stored: the few that are needed are found by computing the steps again.
    fn trace<M: Model<Node = N>>(
        &self,
        model: &M,
        to: usize,
        last: Option<&M::Label>,
    ) -> Vec<String> {
        let mut lines: Vec<_> = last.iter().map(|label| format!("{label:?}")).collect();
        let mut at = to;
        while at != 0 {
            let parent = self.parents[at] as usize;
            let mut steps = Vec::new();
            model.steps(&self.nodes[parent], &mut steps);
            let step = steps.iter().find(|step| step.to == Ok(self.nodes[at]));
            lines.extend(step.map(|step| format!("{:?}", step.label)));
            at = parent;
        }
        lines.reverse();
        lines
    }
}

/// A fast hash by multiplication, for keys that no attacker chooses.
#[derive(Default)]
struct Multiply(u64);

impl Hasher for Multiply {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(u64::from(byte)));
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn write_isize(&mut self, value: isize) {
        self.write_u64(value as u64);
    }
}
