"""Statistics of the columns of time series, streamed into block sums."""
