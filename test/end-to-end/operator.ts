/** Clients of whoever runs the cloud, to look past its API. */
import { S3Client } from '@aws-sdk/client-s3';
import type { Cloud } from '../../local/cloud.ts';

type Way = Pick<Cloud, 'awsUrl' | 'operator'>;

export const operatorConfig = ({ awsUrl, operator }: Way) => ({
  endpoint: awsUrl,
  region: operator.region,
  credentials: operator,
});

export const operatorS3 = (cloud: Way): S3Client =>
  new S3Client({ ...operatorConfig(cloud), forcePathStyle: true });
