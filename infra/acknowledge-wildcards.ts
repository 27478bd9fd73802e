import { Stack, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { readableArn } from './readable-arn.ts';

/** Actions on resources, as they go into one policy statement. */
export interface Permission {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
  /** Why a resource cannot be named whole; needed where one holds a `*`. */
  readonly wildcardReason?: string;
}

/** Tells cdk-nag the reason of each wildcard; one without a reason stays a finding, which fails the synthesis. */
export function acknowledgeWildcards(grantee: Construct, permissions: readonly Permission[]): void {
  for (const { resources, wildcardReason } of permissions) {
    if (wildcardReason === undefined) continue;
    for (const resource of resources) {
      const shown = readableArn(Stack.of(grantee).resolve(resource));
      if (!shown.includes('*')) continue;
      Validations.of(grantee).acknowledge({
        id: `AwsSolutions-IAM5[Resource::${shown}]`,
        reason: wildcardReason,
      });
    }
  }
}
