"""Importing this warms the kernels up: a fork server that has done it hands them to every process it forks."""

from gauger.kernels.warm import warmup

warmup()
