"""What TensorFlow would keep of a training for the life of the process.

Every custom gradient that is traced stays registered (TensorFlow 2.21), and with it the graph, the
weights and the data that the graph reads. A swish has one, and so has the sum of gradients over
replicas that each Keras optimizer makes, be there one replica or many.
"""

import tensorflow as tf


class TracedGraphs:
    """The graphs that were traced in one training."""

    def __init__(self):
        self._graphs = []

    def note(self):
        """Take note of the graph that is being built; to be called within a traced step."""
        graph = tf.compat.v1.get_default_graph()
        if graph.building_function:
            self._graphs.append(graph)

    def forget(self):
        """Unregister their custom gradients: they can still be run, but not differentiated."""
        # TensorFlow has no public way to do this.
        from tensorflow.python.framework.ops import gradient_registry

        while self._graphs:
            for operation in self._graphs.pop().get_operations():
                if operation.type == "IdentityN" and "_gradient_op_type" in operation.node_def.attr:
                    name = operation.get_attr("_gradient_op_type").decode()
                    gradient_registry._registry.pop(name, None)
